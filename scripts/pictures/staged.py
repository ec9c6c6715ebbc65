"""Six hours of a shop: one of its deployments brings a line that raises, and what is sent of it."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from dashboards.prometheus_names import COLLECTOR, TEMPO, SpanMetrics
from pictures.cast import DISCOUNT, ROUTES, Function

MINUTES: Final = 360
DEPLOYED: Final = 288
"""The minute from which on the shop runs its new revision."""

_REVISIONS: Final = ("5be1c0de7a94", "9fd81c2a4b7e")
_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_DRAWN: Final = random.Random(3)  # noqa: S311 - the same each time, and no secret

Labels: TypeAlias = tuple[tuple[str, str], ...]


class Shop:
    """
    What the shop sent within six hours.

    Attributes:
        counters: what a minute added to each series.
        spans: rows as the Collector's exporter writes them into ClickHouse.
    """

    def __init__(self, end: datetime) -> None:
        self.begin = end - timedelta(minutes=MINUTES)
        self.counters: dict[tuple[str, Labels], list[float]] = defaultdict(
            lambda: [0.0] * (MINUTES + 1)
        )
        self.spans: list[dict[str, Any]] = []
        for minute in range(1, MINUTES + 1):
            for route, a_minute, handler, called in ROUTES:
                wave = 1 + 0.35 * math.sin(minute / 75)
                for _ in range(_poisson(a_minute * wave)):
                    self._request(minute, route, handler, _at(minute, called))

    def _request(
        self, minute: int, route: str, handler: Function, called: tuple[Function, ...]
    ) -> None:
        raised = None
        took = [_took(one) for one in (handler, *called)]
        trace = f"{_DRAWN.getrandbits(128):032x}"
        for number, one in enumerate(called, 2):
            raised = raised or (one if _DRAWN.random() < one.fails else None)
            failed = one if raised is one else None
            self._function(minute, one, took[number - 1], failed)
            self._span(minute, trace, number, one.name, one, took[number - 1], failed, "function")
            if raised:
                break
        failed = raised or (handler if _DRAWN.random() < handler.fails else None)
        self._function(minute, handler, took[0], failed)
        self._span(minute, trace, 1, route, handler, sum(took), failed, "handler")
        if raised:
            self._exception(minute, raised)
        if route == "GET /catalog" and _DRAWN.random() < 0.01:
            self._exception(minute, handler, outcome="handled")

    def _add(self, minute: int, name: str, labels: dict[str, str], value: float = 1) -> None:
        said = tuple((key, text) for key, text in labels.items() if text)
        self.counters[name, said][minute] += value

    def _function(self, minute: int, one: Function, took: float, failed: Function | None) -> None:
        labels = {"job": "shop", "aiprov_origin": one.origin, "aiprov_model_name": one.model}
        error = (failed.error or "500") if failed else ""
        self._add(minute, "aiprov_function_calls_total", labels | {"error_type": error})
        self._add(minute, "aiprov_function_self_time_seconds_total", labels, took)

    def _exception(self, minute: int, raised: Function, outcome: str = "escaped") -> None:
        labels = {
            "job": "shop",
            "aiprov_exception_origin": raised.origin,
            "aiprov_exception_model_name": raised.model,
            "aiprov_error_outcome": outcome,
            "error_type": raised.error or "ValueError",
        }
        self._add(minute, "aiprov_exceptions_total", labels)

    def _span(
        self, minute: int, trace: str, number: int, name: str, one: Function,
        took: float, failed: Function | None, unit: str,
    ) -> None:  # fmt: skip
        by_line = failed if failed and failed.error else None
        kind = "SERVER" if unit == "handler" else "INTERNAL"
        labels = {
            "span_name": name,
            "span_kind": f"SPAN_KIND_{kind}",
            "aiprov_origin": one.origin,
            "aiprov_model_name": one.model,
            "aiprov_error_origin": by_line.origin if by_line else "",
            "status_code": f"STATUS_CODE_{'ERROR' if failed else 'UNSET'}",
        }
        for maker in (COLLECTOR, TEMPO):
            self._measure(minute, maker, labels | {maker.service: "shop"}, took)
        self.spans.append(self._row(minute, trace, number, name, one, took, failed, unit))

    def _measure(
        self, minute: int, maker: SpanMetrics, labels: dict[str, str], took: float
    ) -> None:
        self._add(minute, maker.calls, labels)
        for bound in (*_BUCKETS, math.inf):
            if took <= bound:
                le = "+Inf" if bound == math.inf else str(bound)
                self._add(minute, maker.seconds, labels | {"le": le})

    def _row(
        self, minute: int, trace: str, number: int, name: str, one: Function,
        took: float, failed: Function | None, unit: str,
    ) -> dict[str, Any]:  # fmt: skip
        at = (self.begin + timedelta(minutes=minute)).strftime("%Y-%m-%d %H:%M:%S.000000000")
        said = {
            "aiprov.origin": one.origin,
            "aiprov.model.name": one.model,
            "aiprov.commit.id": one.commit,
            "aiprov.unit": unit,
            "code.function.name": f"shop.{one.name}",
        }
        if failed and failed.error:
            said["aiprov.error.origin"] = failed.origin
            said["aiprov.error.model.name"] = failed.model
            said["aiprov.error.commit.id"] = failed.commit
        row = {
            "Timestamp": at,
            "TraceId": trace,
            "SpanId": f"{number:016x}",
            "ParentSpanId": "" if number == 1 else f"{1:016x}",
            "SpanName": name,
            "SpanKind": "Server" if number == 1 else "Internal",
            "ServiceName": "shop",
            "ResourceAttributes": {"vcs.ref.head.revision": _REVISIONS[minute >= DEPLOYED]},
            "SpanAttributes": {key: value for key, value in said.items() if value},
            "Duration": int(took * 1e9),
            "StatusCode": "Error" if failed else "Unset",
        }
        return row | (_event(at, trace, failed) if failed and failed.error else {})

    def metrics(self) -> Iterator[str]:
        """All series, a sample a minute, as Prometheus takes them in."""
        for revision, (begin, end) in zip(
            _REVISIONS, ((-10, DEPLOYED), (DEPLOYED, MINUTES)), strict=True
        ):
            runs = (("job", "shop"), ("vcs_ref_head_revision", revision))
            yield from self._course("target_info", runs, dict.fromkeys(range(begin, end + 1), 1.0))
        for one in _deployed():
            labels = {"job": "shop", "aiprov_origin": one.origin, "aiprov_model_name": one.model}
            self._add(0, "aiprov_code_lines", labels, one.lines)
        for (name, said), added in sorted(self.counters.items()):
            yield from self._course(name, said, _grown(added))

    def _course(self, name: str, labels: Labels, values: dict[int, float]) -> Iterator[str]:
        said = ",".join(f'{key}="{value}"' for key, value in labels)
        for minute, value in values.items():
            at = int((self.begin + timedelta(minutes=minute)).timestamp())
            yield f"{name}{{{said}}} {value} {at}"


def _grown(added: list[float]) -> dict[int, float]:
    """The counter, from the minute on in which there was something to count."""
    total, found = 0.0, {}
    for minute, number in enumerate(added):
        total += number
        if total:
            found[minute] = total
    return found


def _at(minute: int, called: tuple[Function | None, ...]) -> tuple[Function, ...]:
    discount = DISCOUNT[minute >= DEPLOYED]
    return tuple(one or discount for one in called)


def _deployed() -> Iterator[Function]:
    yield DISCOUNT[1]
    for _, _, handler, called in ROUTES:
        yield from (one for one in (handler, *called) if one)


def _event(at: str, trace: str, raised: Function) -> dict[str, Any]:
    said = {
        "exception.type": raised.error,
        "exception.message": trace,
        "aiprov.exception.origin": raised.origin,
        "aiprov.exception.model.name": raised.model,
        "aiprov.exception.commit.id": raised.commit,
        "aiprov.file.path": f"src/shop/{raised.path}",
        "code.line.number": str(raised.line),
    }
    return {
        "Events.Timestamp": [at],
        "Events.Name": ["exception"],
        "Events.Attributes": [{key: value for key, value in said.items() if value}],
    }


def _took(one: Function) -> float:
    return one.seconds * math.exp(_DRAWN.gauss(0, 0.6))


def _poisson(mean: float) -> int:
    """A number of requests that come independently (Knuth's way)."""
    limit, product, number = math.exp(-mean), _DRAWN.random(), 0
    while product > limit:
        product *= _DRAWN.random()
        number += 1
    return number


def shop() -> Shop:
    """The six hours that end now."""
    return Shop(datetime.now(UTC).replace(microsecond=0))
