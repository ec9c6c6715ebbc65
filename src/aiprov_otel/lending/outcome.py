"""The events of a command's processes in words: at its start, and why no trace came."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from aiprov_otel.format import quantity
from aiprov_otel.lending.launch import Event

_SHOWN = 8
PACKAGES: Final = "AIPROV_PACKAGES, or `packages` of the policy,"


def describe_start(event: Event) -> str:
    """What is instrumented in the first process that started."""
    libraries = event["libraries"]
    names = ", ".join(libraries[:_SHOWN]) or "any ASGI or WSGI application"
    if len(libraries) > _SHOWN:
        names += f" and {len(libraries) - _SHOWN} more"
    lent = f"; OpenTelemetry {event['release']} is lent" if event["release"] else ""
    return f"instruments {names}{lent}"


def describe_request(event: Event) -> str:
    """The first request."""
    return f"first request: {event['name']}, {event['ms']:.3g} ms; the report follows at the end"


def describe_declined(event: Event) -> str:
    """A library that is there in a version for which its instrumentation was not made."""
    return f"the instrumentation of {event['name']} declines it: {event['why']}"


def about_packages(events: Sequence[Event], known: Sequence[str]) -> Iterator[str]:
    """
    The packages of the import hook that this run shows nothing of, with the reason.

    *known* are the packages of the application.
    """
    yield from _unused(events, known)
    unsent = sorted(
        {name for event in _of(events, "python") for name in event["packages"]["unsent"]}
    )
    if unsent:
        spans = ", ".join(f"{name}=spans" for name in unsent)
        yield (
            f"{', '.join(unsent)}: calls are counted in metrics, which this run does not receive; "
            f"for spans, write {spans} in AIPROV_PACKAGES"
        )


def _unused(events: Sequence[Event], known: Sequence[str]) -> Iterator[str]:
    named = {name for event in _of(events, "python") for name in event["packages"]["named"]}
    used = {name for event in _of(events, "python") for name in event["packages"]["used"]}
    used |= {event["name"] for event in _of(events, "package")}
    if unused := sorted(named - used):
        names = ", ".join(unused)
        yield f"{PACKAGES} names {names}, which was not imported: {fix_packages(known)}"


def fix_packages(known: Sequence[str]) -> str:
    """What to do about a package that was not imported; *known* are the application's."""
    names = ", ".join(known[:_SHOWN]) or "none"
    return f"name it as CMD imports it; the manifest has {names}"


def why_no_trace(events: Sequence[Event], program: str, status: int, *, stopped: bool) -> str:
    """
    Returns the reason for which no trace came from a command that ended with *status*.

    *stopped*: a signal asked it to end.
    """
    processes = _of(events, "python")
    if why := why_not_started(events):
        return f"no trace: {why}"
    if off := next((event["off"] for event in processes if event["off"]), None):
        return f"no trace: {off} switches tracing off; unset it for this run"
    if not processes:
        return f"no trace: {_no_python(events, program, status, stopped=stopped)}"
    if not stopped and status > 128:
        return f"no trace: {program} was killed by {_signal(status - 128)}"
    if not stopped and status:
        return f"no trace: {program} failed with status {status} before it did anything traced"
    if declined := _of(events, "declined"):
        return f"no trace: {describe_declined(declined[0])}"
    return f"no trace: {_nothing_traced(_of(events, 'framework'), stopped=stopped)}"


def why_not_started(events: Sequence[Event]) -> str | None:
    """Why a process is not instrumented, in its own words; None if each is."""
    return next((event["why"] for event in _of(events, "refused", "failed")), None)


def nothing_ours(spans: int) -> str:
    """Spans came, and none has an origin."""
    return (
        f"{quantity(spans, 'span')} came, and none of a function of this repository: the requests "
        "were answered by a library, or the manifest is of another application"
    )


def _no_python(events: Sequence[Event], program: str, status: int, *, stopped: bool) -> str:
    if aside := _of(events, "aside"):
        executable = aside[0]["executable"]
        return (
            f"{program} started {executable}, another environment than its own: name that one, as "
            f"in `aiprov run -- {executable} …`"
        )
    if stopped:
        return (
            f"{program} was stopped before a Python of it had started that aiprov reaches: wait "
            "until it serves; if it did, it is not Python, or starts it with -I, -E or -S"
        )
    end = f"; it ended with status {status}" if status else ""
    return (
        f"{program} started no Python that aiprov reaches{end}: it is not Python, or starts it "
        "with -I, -E or -S"
    )


def _nothing_traced(frameworks: Sequence[Event], *, stopped: bool) -> str:
    lacking = sorted({event["lacks"] for event in frameworks if event["lacks"]})
    traced = sorted({event["name"] for event in frameworks if event["traced"]})
    untraced = sorted({event["name"] for event in frameworks if not event["traced"]})
    if traced:
        when = "before it was stopped" if stopped else "before it ended"
        return f"no request came to {', '.join(traced)} {when}"
    if lacking:
        return (
            f"{', '.join(untraced)} has no instrumentation here: run `pip install "
            f"{' '.join(lacking)}` in its environment"
        )
    if untraced:
        return (
            f"there is no instrumentation for {', '.join(untraced)}: give its handlers spans with "
            "@provenance"
        )
    return (
        "it used no framework, server, client or database that is instrumented: give its functions "
        "spans with @provenance, or set AIPROV_PACKAGES to your package"
    )


def _of(events: Iterable[Event], *kinds: str) -> list[Event]:
    return [event for event in events if event["event"] in kinds]


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
