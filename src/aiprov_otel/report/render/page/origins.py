"""The counts by origin: shares of calls against shares of errors, and by model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from aiprov_otel.format import percent
from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.page.parts import (
    ORIGINS,
    Cell,
    Column,
    origin,
    percentage,
    section,
    table,
)
from aiprov_otel.report.render.tables import milliseconds

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report
    from aiprov_otel.report.verdict import Arm

_ROOM: Final = 9  # percent, that the words of a share need

_KEPT: Final = (
    "Not to be compared: these are counts of the spans that were kept, and failures may have been "
    "kept preferentially."
)

_COUNTS: Final = (
    Column("functions", narrow=False),
    Column("calls"),
    Column("errors"),
    Column("errors a call"),
    Column("95% limits", narrow=False),
    Column("self p50 ms", narrow=False),
    Column("self p95 ms", narrow=False),
)


def origins(report: Report) -> Markup:
    """Which part of the calls and of the errors is of which origin, and of which model."""
    by_origin = [[Cell(origin(arm.origin)), *counts(arm)] for arm in report.arms]
    models = [
        [Cell(origin(one.origin, one.agent)), Cell(one.model or "unknown"), *counts(one)]
        for one in report.models
    ]
    author = (Column("origin", number=False), Column("model", number=False))
    return section(
        "origins",
        "Share of the calls, share of the errors",
        tag("p", _KEPT) if _refused(report) else _bars(report.arms),
        table("By origin of the code, all routes together", (author[0], *_COUNTS), by_origin),
        table("By model, of AI-written and mixed code", (*author, *_COUNTS), models)
        if models
        else None,
    )


def _refused(report: Report) -> bool:
    """Whether what was kept can't tell rates at all."""
    return any(one.reason == report.verdict.text for one in report.comparisons)


def _bars(arms: Sequence[Arm]) -> Markup:
    return tag(
        "div",
        _bar("calls", arms, lambda arm: arm.calls),
        _bar("errors", arms, lambda arm: arm.errors),
        class_="bars",
    )


def counts(arm: Arm) -> list[Cell]:
    """The cells that each arm has."""
    limits = "" if arm.low is None else f"{percent(arm.low)} to {percent(arm.high)}"
    return [
        Cell(f"{arm.functions:,}", arm.functions),
        Cell(f"{arm.calls:,}", arm.calls),
        Cell(f"{arm.errors:,}", arm.errors),
        Cell(percent(arm.error_ratio), arm.error_ratio),
        Cell(limits, arm.low),
        Cell(milliseconds(arm.self_p50_ms), arm.self_p50_ms),
        Cell(milliseconds(arm.self_p95_ms), arm.self_p95_ms),
    ]


def _bar(name: str, arms: Sequence[Arm], count: Callable[[Arm], int]) -> Markup:
    total = sum(map(count, arms))
    told = sorted(arms, key=lambda arm: ORIGINS.index(arm.origin) if arm.origin in ORIGINS else 9)
    shares = [(arm.origin, count(arm) / total) for arm in told] if total else []
    words = ", ".join(f"{origin} {share:.0%}" for origin, share in shares)
    drawing = tag(
        "svg", list(_parts(shares)), width="100%", height="32", role="img",
        aria_label=f"{name} by origin: {words or 'none'}",
    )  # fmt: skip
    return tag("div", tag("span", f"{total:,} {name}", class_="of"), drawing, class_="bar")


def _parts(shares: Sequence[tuple[str, float]]) -> Iterator[Markup]:
    begin = 0.0
    for name, share in shares:
        x, width = percentage(begin), percentage(100 * share)
        yield tag("rect", x=x, width=width, y=0, height=32, class_=name)
        if 100 * share >= _ROOM:
            middle = percentage(begin + 50 * share)
            words = f"{name} {share:.0%}" if 100 * share >= 2 * _ROOM else f"{share:.0%}"
            yield tag("text", words, x=middle, y=21, text_anchor="middle")
        begin += 100 * share
