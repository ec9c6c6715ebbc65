"""A decoded span as a row of the store, whichever encoding it came in; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from aiprov_otel import attributes as keys

KINDS: Final = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
STATUSES: Final = ("Unset", "Ok", "Error")

LATEST: Final = 2**63 - 2
"""Nanoseconds of the last moment that the store can hold; the next number means infinity."""

POLICY: Final = "tailsampling.policy"
"""The Collector's tail sampling processor sets it on the scope, for which a row has no column."""

SHARED: Final = 4 * 2**10
"""Characters of what each row of a resource, or of a scope, repeats: its attributes, its name."""

ATTRIBUTES: Final = 16 * 2**10
"""
Characters of a span's attributes.

DuckDB reads 2,048 rows at a time, so that prompts of 200 KB would take 400 MiB to read.
"""

EVENTS: Final = 64 * 2**10
"""Characters of all attributes of a span's events, and of its links."""

_STACK_TRACE: Final = "exception.stacktrace"
_NEEDED: Final = {
    *("service.name", keys.RUN_ID, keys.VCS_REF_HEAD_REVISION, keys.VCS_REPOSITORY_URL_FULL),
    POLICY,
}


class Event(NamedTuple):
    """An event of a span."""

    timestamp: int
    name: str
    attributes: dict[str, str]


class Link(NamedTuple):
    """A link of a span."""

    trace_id: str
    span_id: str
    trace_state: str
    attributes: dict[str, str]


class Scope(NamedTuple):
    """The instrumentation scope of a span."""

    name: str
    version: str
    attributes: dict[str, str]


class Row(NamedTuple):
    """One span: a row of `otel_traces`, its fields in the order of the columns."""

    timestamp: int
    trace_id: str
    span_id: str
    parent_span_id: str
    trace_state: str
    span_name: str
    span_kind: str
    service_name: str
    resource_attributes: dict[str, str]
    scope_name: str
    scope_version: str
    span_attributes: dict[str, str]
    duration: int
    status_code: str
    status_message: str
    event_timestamps: list[int]
    event_names: list[str]
    event_attributes: list[dict[str, str]]
    link_trace_ids: list[str]
    link_span_ids: list[str]
    link_trace_states: list[str]
    link_attributes: list[dict[str, str]]


def make_scope(name: str, version: str, attributes: dict[str, str]) -> Scope:
    """The scope, without what would be too long on each of its rows."""
    return Scope(name[:SHARED], version[:SHARED], short_enough(attributes, SHARED))


def short_enough(attributes: dict[str, str], limit: int) -> dict[str, str]:
    """*attributes*, the longest cut so that all have at most *limit* characters."""
    return _cut([attributes], limit)[0]


def _cut(several: list[dict[str, str]], limit: int) -> list[dict[str, str]]:
    """
    *several*, the longest values cut so that all have at most *limit* characters, keys included.

    What a report reads is cut last. Of a stack trace, the end is kept: there is the line that
    failed. A key without room for itself is left out.
    """
    if sum(len(key) + len(value) for each in several for key, value in each.items()) <= limit:
        return several
    parts = [(at, key, value) for at, each in enumerate(several) for key, value in each.items()]
    parts.sort(key=lambda part: (part[1] not in _NEEDED, len(part[1]) + len(part[2])))
    lengths = {}
    for left, (at, key, value) in zip(range(len(parts), 0, -1), parts, strict=True):
        share = limit if key in _NEEDED else limit // left
        if (length := min(len(value), share - len(key))) >= 0:
            lengths[at, key] = length
            limit -= len(key) + length
    return [
        {
            key: value[len(value) - lengths[at, key] :]
            if key == _STACK_TRACE
            else value[: lengths[at, key]]
            for key, value in each.items()
            if (at, key) in lengths
        }
        for at, each in enumerate(several)
    ]


def make_row(
    *,
    trace_id: str,
    span_id: str,
    parent_span_id: str,
    trace_state: str,
    name: str,
    kind: int,
    start: int,
    end: int,
    attributes: dict[str, str],
    status_code: int,
    status_message: str,
    events: Sequence[Event],
    links: Sequence[Link],
    scope: Scope,
    resource: dict[str, str],
) -> Row:
    """
    The row of a span.

    Every value fits its column and what a report computes from it: long texts are cut, and moments
    at the first and the last that the store can hold; a duration is never negative, and an unknown
    kind or status is the default one.
    """
    timestamp = _moment(start)
    policy = {POLICY: scope.attributes[POLICY]} if POLICY in scope.attributes else {}
    return Row(
        timestamp=timestamp,
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent_span_id,
        trace_state=trace_state[:ATTRIBUTES],
        span_name=name[:ATTRIBUTES],
        span_kind=_name(KINDS, kind),
        service_name=resource.get("service.name", ""),
        resource_attributes=resource,
        scope_name=scope.name,
        scope_version=scope.version,
        span_attributes=short_enough({**policy, **attributes}, ATTRIBUTES),
        duration=max(_moment(end) - timestamp, 0),
        status_code=_name(STATUSES, status_code),
        status_message=status_message[:ATTRIBUTES],
        event_timestamps=[_moment(event.timestamp) for event in events],
        event_names=[event.name for event in events],
        event_attributes=_cut([event.attributes for event in events], EVENTS),
        link_trace_ids=[link.trace_id for link in links],
        link_span_ids=[link.span_id for link in links],
        link_trace_states=[link.trace_state for link in links],
        link_attributes=_cut([link.attributes for link in links], EVENTS),
    )


def _moment(nanoseconds: int) -> int:
    return min(max(nanoseconds, 0), LATEST)


def _name(names: tuple[str, ...], number: int) -> str:
    """The name of an enum's value; the first for a value of a newer protocol."""
    return names[number] if 0 <= number < len(names) else names[0]
