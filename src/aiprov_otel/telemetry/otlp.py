"""An OTLP request as rows of the store; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from aiprov_otel.telemetry.anyvalue import strings
from aiprov_otel.telemetry.extra import local_extra

if TYPE_CHECKING:
    from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

KINDS: Final = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
STATUSES: Final = ("Unset", "Ok", "Error")
_TRACE_ID: Final = 16  # bytes
_SPAN_ID: Final = 8
LATEST: Final = 2**63 - 1  # nanoseconds: what a timestamp of the store can hold


POLICY: Final = "tailsampling.policy"
"""What the Collector's tail sampling processor notes: on the scope, which a row has no room for."""


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


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one request, and how many of its spans were rejected for want of a valid id."""

    rows: list[Row]
    rejected: int


def decode(request: bytes) -> Batch:
    """
    The rows of *request*, an ExportTraceServiceRequest in protobuf.

    Raises:
        ValueError: it is no such message.
    """
    found = list(rows(request))
    valid = [row for row in found if row is not None]
    return Batch(valid, len(found) - len(valid))


def rows(request: bytes) -> Iterator[Row | None]:
    """
    A row for each span of *request*, as `decode`; None for one that has no valid id.

    Raises:
        ValueError: it is no such message.
    """
    with local_extra():
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )
    try:
        message = ExportTraceServiceRequest.FromString(request)
    except DecodeError as error:
        raise ValueError("this is no ExportTraceServiceRequest in protobuf") from error
    return (row for resource in message.resource_spans for row in _of_resource(resource))


def _of_resource(spans: ResourceSpans) -> Iterator[Row | None]:
    resource = strings(spans.resource.attributes)
    for scope in spans.scope_spans:
        for span in scope.spans:
            valid = len(span.trace_id) == _TRACE_ID and len(span.span_id) == _SPAN_ID
            yield _row(span, scope, resource) if valid else None


def _row(span: Span, scope: ScopeSpans, resource: dict[str, str]) -> Row:
    return Row(
        timestamp=min(span.start_time_unix_nano, LATEST),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex(),
        trace_state=span.trace_state,
        span_name=span.name,
        span_kind=named(KINDS, span.kind),
        service_name=resource.get("service.name", ""),
        resource_attributes=resource,
        scope_name=scope.scope.name,
        scope_version=scope.scope.version,
        span_attributes=chosen_by(strings(scope.scope.attributes)) | strings(span.attributes),
        duration=max(span.end_time_unix_nano - span.start_time_unix_nano, 0),
        status_code=named(STATUSES, span.status.code),
        status_message=span.status.message,
        event_timestamps=[min(event.time_unix_nano, LATEST) for event in span.events],
        event_names=[event.name for event in span.events],
        event_attributes=[strings(event.attributes) for event in span.events],
        link_trace_ids=[link.trace_id.hex() for link in span.links],
        link_span_ids=[link.span_id.hex() for link in span.links],
        link_trace_states=[link.trace_state for link in span.links],
        link_attributes=[strings(link.attributes) for link in span.links],
    )


def chosen_by(scope: dict[str, str]) -> dict[str, str]:
    """What the attributes of a *scope* say of why its spans were kept."""
    return {POLICY: scope[POLICY]} if POLICY in scope else {}


def named(names: tuple[str, ...], number: int) -> str:
    """The name of an enum's value; of one from a newer protocol, the first."""
    return names[number] if 0 <= number < len(names) else names[0]
