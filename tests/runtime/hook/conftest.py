"""A process without an import hook, for every test."""

from __future__ import annotations

import sys

import pytest

from aiprov_otel.runtime.hook import finder


@pytest.fixture(autouse=True)
def unhooked(untouched):
    """Each test begins and ends with no hook of ours."""
    finders = list(sys.meta_path)
    yield
    finder.PLAN.remove(list(finder.PLAN))
    finder.leave()
    sys.meta_path[:] = finders
