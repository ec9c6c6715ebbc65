"""The one place where an error of ours is swallowed."""

from __future__ import annotations

import logging

import pytest

from aiprov_otel.runtime.guard import call_guard, guard, log, warn, warned
from support.faults import FAULTS


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


@pytest.mark.parametrize("place", ["filter", "handler"])
def test_what_fails_to_take_a_warning_is_not_in_the_way(monkeypatch, place):
    """
    A handler or a filter of the application that raises does not do so through us.
    """

    def broken(record):
        raise OSError(record)

    monkeypatch.delenv("AIPROV_STRICT")
    handler = logging.StreamHandler()
    handler.emit = broken
    getattr(log, f"add{place.title()}")(handler if place == "handler" else broken)
    try:
        warn("some-slug", "Something")
        with guard:
            raise KeyError
    finally:
        getattr(log, f"remove{place.title()}")(handler if place == "handler" else broken)

    assert warned() == ["provenance-failed", "some-slug"]


@pytest.mark.parametrize("name", ["memory", "interrupt", "exit"])
def test_what_is_never_a_failure_of_ours(monkeypatch, name):
    """
    No memory, Ctrl-C and the end of the process pass every guard, also when they begin in ours.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    (fault,) = (each for each in FAULTS if each.name == name)
    for guarded in (guard, call_guard):
        error = fault.make()
        with pytest.raises(type(error)) as raised, guarded:
            fault.arrive(error)
        assert raised.value is error
