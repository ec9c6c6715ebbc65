"""Spans as a service sends them: made by the SDK, encoded by the exporter."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode

from aiprov_otel import attributes as keys
from aiprov_otel.attributes import of_code, of_exception, of_unit
from aiprov_otel.telemetry.otlp_protobuf import protobuf_rows
from aiprov_otel.values import Evidence, Match, Origin, Provenance, Unit

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from aiprov_otel.telemetry.otlp import Row
    from aiprov_otel.telemetry.store import Store

EPOCH = 1_790_000_000_000_000_000
"""When the spans of tests begin, in nanoseconds."""

AI = Provenance(
    Origin.AI,
    agent="claude-code",
    model="claude-opus-4-6",
    provider="anthropic",
    commit="9fd81c2" + "0" * 33,
    evidence=Evidence.CO_AUTHOR,
    path="src/shop/cart.py",
    match=Match.EXACT,
)
HUMAN = Provenance(
    Origin.HUMAN,
    commit="4444444" + "0" * 33,
    evidence=Evidence.UNMARKED,
    path="src/shop/stock.py",
    match=Match.EXACT,
)
UNKNOWN = Provenance()


class Service:
    """A service whose spans are made by hand, at times of one's choice."""

    def __init__(
        self,
        exporter: SpanExporter | None = None,
        repository: str = "",
        run: str = "",
        revision: str = "",
    ) -> None:
        self.memory = InMemorySpanExporter()
        of = {keys.VCS_REPOSITORY_URL_FULL: repository} if repository else {}
        of |= {keys.RUN_ID: run} if run else {}
        of |= {keys.VCS_REF_HEAD_REVISION: revision} if revision else {}
        self.provider = TracerProvider(
            resource=Resource({"service.name": "shop"} | of), shutdown_on_exit=False
        )
        self.provider.add_span_processor(SimpleSpanProcessor(exporter or self.memory))
        self.tracer = self.provider.get_tracer("tests", "1.0")

    def span(
        self,
        name: str,
        parent: Span | None = None,
        *,
        by: Provenance | None = None,
        at: float = 0,
        ms: float = 10,
        failed: bool = False,
        raised: tuple[BaseException, Provenance | None] | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        unit: Unit = Unit.FUNCTION,
        function: str | None = None,
        **attributes: Any,
    ) -> Span:
        """A finished span, *at* so many milliseconds, of a unit written *by* somebody."""
        code = of_code(f"shop.{function or name}", "shop.py", 1)
        said = of_unit(by, unit) | code if by else {}
        span = self.tracer.start_span(
            name,
            trace.set_span_in_context(parent) if parent else None,
            kind=kind,
            attributes=said | attributes,
            start_time=EPOCH + int(at * 1e6),
        )
        if raised:
            record(span, *raised, at=at + ms)
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(EPOCH + int((at + ms) * 1e6))
        return span

    def request(self) -> bytes:
        """Every finished span as one OTLP request."""
        return encode_spans(self.memory.get_finished_spans()).SerializeToString()

    def rows(self) -> list[Row]:
        """Every finished span as a row of the store."""
        return [row for row in protobuf_rows(self.request()) if row]

    def send(self, store: Store) -> None:
        """Put every finished span into *store*."""
        store.add(self.rows())


def record(
    span: Span,
    error: BaseException,
    by: Provenance | None,
    *,
    at: float = 0,
    line: int = 7,
    repeated: bool = False,
) -> None:
    """Record *error* on *span*, as raised by a line that somebody wrote."""
    said: dict[str, Any] = {keys.EXCEPTION_REPEATED: True} if repeated else {}
    if by:
        said |= of_exception(by) | of_code("shop.raising", by.path or "shop.py", line)
    span.record_exception(error, said, timestamp=EPOCH + int(at * 1e6))


def serve(
    service: Service,
    *,
    functions: int = 12,
    calls: int = 40,
    ai: int = 4,
    human: int = 2,
    route: str = "GET /",
) -> None:
    """Requests in which a function of each origin runs; so many of each fail it, or one more."""
    for n, k in product(range(calls), range(functions)):
        at = (n * functions + k) * 100
        turn = (n + 3 * k) % calls  # not all fail at the same time
        by_ai, by_human = turn - k % 2 < ai, calls - 1 - turn - k % 2 < human
        root = service.span(route, at=at, ms=90, failed=by_ai or by_human, kind=SpanKind.SERVER)
        service.span(f"quote{k}", root, at=at + 1, ms=4, by=AI, failed=by_ai)
        service.span(f"stock{k}", root, at=at + 1, ms=2, by=HUMAN, failed=by_human)


__all__ = ["AI", "EPOCH", "HUMAN", "UNKNOWN", "Service", "keys", "record", "serve"]
