"""Functions are watched as they start, by one tool of `sys.monitoring`, which is given back."""

from __future__ import annotations

import sys

import pytest

from aiprov_otel.runtime import starts

monitoring = getattr(sys, "monitoring", None)
pytestmark = pytest.mark.skipif(monitoring is None, reason="Python has it since 3.12")


@pytest.fixture
def taken():
    """Takes tools, as others do, and gives them back."""
    numbers = []

    def take(number, name="theirs"):
        monitoring.use_tool_id(number, name)
        numbers.append(number)

    yield take
    starts.stop()
    for number in numbers:
        monitoring.free_tool_id(number)


def serve():
    return "ok"


def test_a_tool_that_somebody_freed_is_taken_anew(taken):
    """
    Another library that frees all tools, and takes ours, ends nothing: the next free one is used.
    """
    started = []
    assert starts.watch(serve.__code__, lambda *given: started.append(given))
    monitoring.free_tool_id(3)
    taken(3)
    assert starts.watch(serve.__code__, lambda *given: started.append(given))
    started.clear()
    serve()
    assert [code for code, _ in started][-1:] == [serve.__code__]
    assert monitoring.get_tool(4) == "aiprov_otel"


def test_without_a_tool_nothing_is_watched(taken):
    """
    Where others hold every tool, the answer says so, also for code that was watched before.
    """
    assert starts.watch(serve.__code__, print)
    monitoring.free_tool_id(3)
    taken(3)
    taken(4)
    assert not starts.watch(serve.__code__, print)
    assert monitoring.get_local_events(4, serve.__code__) == 0


def test_uninstalling_gives_the_tool_back(application, taken):
    """
    After `uninstall()`, the tool is free, and no code has an event of ours; twice is fine.
    """
    with application.install():
        assert starts.watch(serve.__code__, print)
        assert monitoring.get_tool(3) == "aiprov_otel"
    assert monitoring.get_tool(3) is None
    assert monitoring.get_local_events(3, serve.__code__) == 0
    starts.stop()
    with application.install():
        assert starts.watch(serve.__code__, print)
