"""A process in which nothing was installed yet, for every test."""

from __future__ import annotations

import threading

import pytest

from aiprov_otel.runtime import guard, state
from aiprov_otel.runtime.import_hook import pending_spans
from support.application import Application, importable


@pytest.fixture(autouse=True)
def untouched(monkeypatch, tmp_path):
    """Each test begins like a process: not installed, nothing said, no manifest beside it."""
    monkeypatch.chdir(tmp_path)
    _forget()
    yield
    _forget()


@pytest.fixture
def application(tmp_path):
    """An application in a folder of its own."""
    folder = tmp_path / "app"
    folder.mkdir()
    with importable(folder):
        yield Application(folder)


def _forget() -> None:
    if state.installation:
        state.installation.uninstall()
    state.current = state._resolver = None
    state._stopped = False
    guard._warned.clear()
    # A tracer, as of coverage, that fails near the recursion limit keeps a `with` from its end.
    pending_spans._thread.busy_lock = threading.RLock()
