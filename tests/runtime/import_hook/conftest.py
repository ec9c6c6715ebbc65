"""A process without an import hook, for every test."""

from __future__ import annotations

import sys

import pytest

import aiprov_otel
from aiprov_otel.runtime.import_hook import finder
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.counters import FUNCTION_NAMES


@pytest.fixture(autouse=True)
def unhooked(untouched):
    """Each test begins and ends with no hook of ours."""
    finders = list(sys.meta_path)
    yield
    finder.PLAN.remove(list(finder.PLAN))
    finder.stop()
    sys.meta_path[:] = finders


@pytest.fixture
def load(application):
    """A module of this text, imported under the hook in `metrics` mode or another."""

    def loaded(text, *, mode="metrics", name="shop.kinds", **options):
        application.install()
        aiprov_otel.install_import_hook("shop", mode=mode, **options)
        return application.module(name, text)

    return loaded


@pytest.fixture(autouse=True)
def no_counters():
    """Each test has counters of its own."""
    REGISTRY._modules.clear()
    FUNCTION_NAMES._names.clear()
