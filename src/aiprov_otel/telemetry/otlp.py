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

LONGEST: Final = 16 * 2**10
"""
Characters of a name, or of all attributes of a span, a resource, a scope or a link.

DuckDB reads 2,048 rows at a time: of prompts of 200 KB, that would take 400 MiB.
"""

MESSAGE: Final = 4 * 2**10
STACK_TRACE: Final = 32 * 2**10
EVENT: Final = MESSAGE + STACK_TRACE + 4 * 2**10
"""Characters of an exception's message and stack trace, and of all attributes of an event."""

_TRACE: Final = "exception.stacktrace"
_READ: Final = ("aiprov.", "code.", "exception.")
_READ_TOO: Final = {
    "asgi.event.type",
    "service.name",
    keys.VCS_REF_HEAD_REVISION,
    keys.VCS_REPOSITORY_URL_FULL,
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
    return Scope(name[:LONGEST], version[:LONGEST], short_enough(attributes))


def short_enough(attributes: dict[str, str], limit: int = LONGEST) -> dict[str, str]:
    """
    *attributes*, less the longest ones where all together have more than *limit* characters.

    What a report reads goes last. None is cut: half of a commit or a path is another one.
    """
    lengths = {key: len(key) + len(value) for key, value in attributes.items()}
    left = sum(lengths.values())
    if left <= limit:
        return attributes
    gone = set()
    for key in sorted(lengths, key=lambda key: (_is_read(key), -lengths[key])):
        if left <= limit:
            break
        left -= lengths[key]
        gone.add(key)
    return {key: value for key, value in attributes.items() if key not in gone}


def _is_read(key: str) -> bool:
    return key.startswith(_READ) or key in _READ_TOO


def _of_event(attributes: dict[str, str]) -> dict[str, str]:
    """
    What is kept of an event's attributes.

    A message is cut to the same length on each span, as a report compares the messages of spans. Of
    a stack trace both ends are kept, as languages differ in where the raising line is.
    """
    message, trace = attributes.get("exception.message", ""), attributes.get(_TRACE, "")
    if len(message) > MESSAGE:
        attributes = attributes | {"exception.message": message[:MESSAGE]}
    if len(trace) > STACK_TRACE:
        end = STACK_TRACE // 2 - 3  # with five characters between the ends
        attributes = attributes | {_TRACE: f"{trace[:end]}\n...\n{trace[-end:]}"}
    return short_enough(attributes, EVENT)


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

    Every value fits its column and what a report computes from it: moments are clamped to the first
    and the last that the store can hold, texts are not too long, a duration is never negative, and
    an unknown kind or status is the default one.
    """
    timestamp = _moment(start)
    policy = {POLICY: scope.attributes[POLICY]} if POLICY in scope.attributes else {}
    return Row(
        timestamp=timestamp,
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent_span_id[:LONGEST],
        trace_state=trace_state[:LONGEST],
        span_name=name[:LONGEST],
        span_kind=_name(KINDS, kind),
        service_name=resource.get("service.name", ""),
        resource_attributes=resource,
        scope_name=scope.name,
        scope_version=scope.version,
        span_attributes=short_enough({**policy, **attributes}),
        duration=max(_moment(end) - timestamp, 0),
        status_code=_name(STATUSES, status_code),
        status_message=status_message[:LONGEST],
        event_timestamps=[_moment(event.timestamp) for event in events],
        event_names=[event.name[:LONGEST] for event in events],
        event_attributes=[_of_event(event.attributes) for event in events],
        link_trace_ids=[link.trace_id[:LONGEST] for link in links],
        link_span_ids=[link.span_id[:LONGEST] for link in links],
        link_trace_states=[link.trace_state[:LONGEST] for link in links],
        link_attributes=[short_enough(link.attributes) for link in links],
    )


def _moment(nanoseconds: int) -> int:
    return min(max(nanoseconds, 0), LATEST)


def _name(names: tuple[str, ...], number: int) -> str:
    """The name of an enum's value; the first for a value of a newer protocol."""
    return names[number] if 0 <= number < len(names) else names[0]
