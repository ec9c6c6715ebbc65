"""What the environment says."""

from __future__ import annotations

import pytest

from aiprov_otel import settings


def test_nothing_is_said_by_default():
    """
    An empty environment looks for a manifest, is on, and is not strict.
    """
    assert settings.read({}) == settings.Settings(manifest=None, disabled=False, strict=False)


@pytest.mark.parametrize("value", ["true", "TRUE", " True "])
def test_only_true_is_true(value):
    """
    `true` in any case turns a switch on.
    """
    assert settings.read({"AIPROV_STRICT": value}).strict
    assert settings.read({"AIPROV_DISABLED": value}).disabled
    assert settings.read({"OTEL_SDK_DISABLED": value}).disabled


@pytest.mark.parametrize("value", ["", "1", "yes", "on", "false", "truthy"])
def test_anything_else_is_false(value):
    """
    No other word turns a switch on, as with OpenTelemetry's own.
    """
    said = settings.read({"AIPROV_STRICT": value, "AIPROV_DISABLED": value})

    assert not said.strict
    assert not said.disabled


def test_an_empty_path_is_none():
    """
    An empty `AIPROV_MANIFEST` is as if it were not set.
    """
    assert settings.read({"AIPROV_MANIFEST": ""}).manifest is None
    assert settings.read({"AIPROV_MANIFEST": "/m"}).manifest == "/m"
