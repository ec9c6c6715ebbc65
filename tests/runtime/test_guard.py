"""The one place where an error of ours is swallowed."""

from __future__ import annotations

import pytest

from aiprov_otel.runtime.guard import guard, warn


def test_each_type_of_error_is_logged_once(monkeypatch, caplog):
    """
    The first of a type comes with its traceback; the service is not flooded.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    for error in (KeyError, KeyError, OSError):
        with guard:
            raise error

    assert caplog.messages == ["Provenance was not attached (provenance-failed)"] * 2
    assert caplog.records[0].exc_info[0] is KeyError


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_error_passes(monkeypatch, error):
    """
    An interrupt and an exit are never swallowed.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    with pytest.raises(error), guard:
        raise error


def test_strict_raises():
    """
    Under AIPROV_STRICT, as in these tests, nothing is swallowed.
    """
    with pytest.raises(KeyError), guard:
        raise KeyError


def test_a_warning_is_said_once(caplog):
    """
    Once a process, or once for each thing that it is about, with its slug at the end.
    """
    for about in (None, None, "a", "a", "b"):
        warn("some-slug", "Something", about=about)

    assert caplog.messages == ["Something (some-slug)"] * 3
