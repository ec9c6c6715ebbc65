"""A decoded span as a row of the store, whichever encoding it came in; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from aiprov_otel import attributes as keys

KINDS: Final = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
STATUSES: Final = ("Unset", "Ok", "Error")

LATEST: Final = 2**63 - 2
"""Nanoseconds of the last moment that the store can hold; the next number means infinity."""

POLICY: Final = "tailsampling.policy"
"""The Collector's tail sampling processor sets it on the scope, for which a row has no column."""

SHARED: Final = 16 * 2**10
"""Characters of what each row of a resource, or of a scope, repeats: its attributes, its name."""

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
    return Scope(name[:SHARED], version[:SHARED], short_enough(attributes))


def short_enough(attributes: dict[str, str]) -> dict[str, str]:
    """
    *attributes*, less the longest ones where all together have more than SHARED characters.

    What a report reads goes last.
    """
    lengths = {key: len(key) + len(value) for key, value in attributes.items()}
    left = sum(lengths.values())
    gone = set()
    for key in sorted(lengths, key=lambda key: (key in _NEEDED, -lengths[key])):
        if left <= SHARED:
            break
        left -= lengths[key]
        gone.add(key)
    return {key: value for key, value in attributes.items() if key not in gone}


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
    attributes: Mapping[str, str],
    status_code: int,
    status_message: str,
    events: Sequence[Event],
    links: Sequence[Link],
    scope: Scope,
    resource: dict[str, str],
) -> Row:
    """
    The row of a span.

    Every value fits its column and what a report computes from it: moments are cut at the first and
    the last that the store can hold, a duration is never negative, and an unknown kind or status is
    the default one.
    """
    timestamp = _moment(start)
    policy = {POLICY: scope.attributes[POLICY]} if POLICY in scope.attributes else {}
    return Row(
        timestamp=timestamp,
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent_span_id,
        trace_state=trace_state,
        span_name=name,
        span_kind=_name(KINDS, kind),
        service_name=resource.get("service.name", ""),
        resource_attributes=resource,
        scope_name=scope.name,
        scope_version=scope.version,
        span_attributes={**policy, **attributes},
        duration=max(_moment(end) - timestamp, 0),
        status_code=_name(STATUSES, status_code),
        status_message=status_message,
        event_timestamps=[_moment(event.timestamp) for event in events],
        event_names=[event.name for event in events],
        event_attributes=[event.attributes for event in events],
        link_trace_ids=[link.trace_id for link in links],
        link_span_ids=[link.span_id for link in links],
        link_trace_states=[link.trace_state for link in links],
        link_attributes=[link.attributes for link in links],
    )


def _moment(nanoseconds: int) -> int:
    return min(max(nanoseconds, 0), LATEST)


def _name(names: tuple[str, ...], number: int) -> str:
    """The name of an enum's value; the first for a value of a newer protocol."""
    return names[number] if 0 <= number < len(names) else names[0]
