"""Traces as the Collector's ClickHouse exporter writes them, with the truth about them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

DRAWN = random.Random(11)
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Function:
    """A function of the service, and how it does."""

    name: str
    origin: str
    commit: str = ""
    days: int = 0
    model: str = ""
    fails: float = 0.0


BROWSE = Function("shop.app.browse", "human", "c0", 400)
PAY = Function("shop.app.pay", "ai", "c1", 3, "opus", 0.02)
SEARCH = Function("shop.catalog.search", "ai", "c2", 20, "sonnet", 0.05)
PAGE = Function("shop.catalog.page", "human", "c3", 100, fails=0.04)
CHARGE = Function("shop.bank.charge", "ai", "c4", 2, "opus", 0.2)
CHARGE_BEFORE = Function("shop.bank.charge", "human", "c5", 300, fails=0.05)
COUNT = Function("shop.catalog.count", "human", "c6", 25, fails=0.03)
REFUND = Function("shop.bank.refund", "human", "c7", 5, fails=0.1)
LEGACY = Function("shop.legacy.round", "unknown")
ROUTES = {
    "GET /catalog": (BROWSE, (SEARCH, PAGE, COUNT, LEGACY)),
    "POST /pay": (PAY, (CHARGE, PAGE, REFUND)),
}


@dataclass
class Span:
    """A span as it came about, with the truth about it."""

    trace: int
    number: int
    parent: int | None
    route: str
    name: str
    at: datetime
    unit: str
    function: Function | None
    self_ms: int
    raised: Function | None = None
    raises: bool = False

    def row(self, total_ms: int) -> dict[str, Any]:
        """As the Collector's exporter writes it."""
        return {
            "Timestamp": self.at.strftime("%Y-%m-%d %H:%M:%S.000000000"),
            "TraceId": f"{self.trace:032x}",
            "SpanId": f"{self.number:016x}",
            "ParentSpanId": "" if self.parent is None else f"{self.parent:016x}",
            "SpanName": self.name,
            "SpanKind": {"handler": "Server", "": "Client"}.get(self.unit, "Internal"),
            "ServiceName": "shop",
            "SpanAttributes": self.attributes(),
            "Duration": total_ms * 1_000_000,
            "StatusCode": "Error" if self.raised else "Unset",
        } | self.event()

    def attributes(self) -> dict[str, Any]:
        """What aiprov_otel says of the span."""
        if not (made := self.function):
            return {"db.system.name": "sqlite"}
        said = {
            "aiprov.origin": made.origin,
            "aiprov.unit": self.unit,
            "aiprov.match": "exact" if made.commit else "missing",
            "aiprov.evidence.kind": "co-author" if made.commit else "none",
            "aiprov.model.name": made.model,
            "aiprov.commit.id": made.commit,
            "aiprov.commit.time": time_of(made),
            "code.function.name": made.name,
            "aiprov.error.origin": self.raised.origin if self.raised else "",
            "tenant": "large" if self.raised and made.origin == "ai" else "small",
        }
        return {key: value for key, value in said.items() if value}

    def event(self) -> dict[str, Any]:
        """The exception, at the span that it was raised in."""
        if not (self.raises and self.raised):
            return {}
        said = {
            "exception.type": "KeyError",
            "exception.message": "'x'",
            "aiprov.exception.origin": self.raised.origin,
            "aiprov.exception.commit.id": self.raised.commit,
            "aiprov.exception.model.name": self.raised.model,
            "code.function.name": self.raised.name,
            "aiprov.file.path": "shop.py",
            "code.line.number": "7",
        }
        at = self.at.strftime("%Y-%m-%d %H:%M:%S.000000000")
        return {"Events.Timestamp": [at], "Events.Name": ["exception"], "Events.Attributes": [said]}


def time_of(made: Function) -> str:
    """When its commit landed."""
    if not made.commit:
        return ""
    return (NOW - timedelta(days=made.days, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def requested(trace: int) -> list[Span]:
    """The spans of a request: its handler, the functions that it calls, and their queries."""
    route, (handler, called) = DRAWN.choice(list(ROUTES.items()))
    at = NOW - timedelta(seconds=3_000 - trace)
    spans = [Span(trace, 1, None, route, route, at, "handler", handler, DRAWN.randrange(1, 30))]
    for made in called:
        one = CHARGE_BEFORE if made is CHARGE and trace < 1_000 else made
        number = len(spans) + 1
        took = DRAWN.randrange(1, 50)
        spans.append(Span(trace, number, 1, route, one.name, at, "function", one, took))
        spans.append(Span(trace, number + 1, number, route, "SELECT", at, "", None, 5))
        if DRAWN.random() < one.fails:
            fail(spans, spans[number - 1], one)
            return spans
    if DRAWN.random() < handler.fails:
        fail(spans, spans[0], handler)
    return spans


def fail(spans: list[Span], failing: Span, raised: Function) -> None:
    """Raise an exception that leaves the function and its handler."""
    failing.raises = True
    failing.raised = spans[0].raised = raised


TRACES = [requested(trace) for trace in range(2_000)]
SPANS = [span for spans in TRACES for span in spans]
UNITS = [span for span in SPANS if span.function]
FAILURES = [span for span in UNITS if span.raises]


def rows() -> list[dict[str, Any]]:
    """All spans; a span lasts as long as it and what it called."""
    found = []
    for spans in TRACES:
        total: dict[int, int] = {}
        for span in reversed(spans):
            below = sum(total[one.number] for one in spans if one.parent == span.number)
            total[span.number] = span.self_ms + below
        found += [span.row(total[span.number]) for span in spans]
    return found
