"""The report as Markdown, for a pull request or a wiki."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from aiprov_otel.format import percent, short_hash
from aiprov_otel.report.render.tables import milliseconds

if TYPE_CHECKING:
    from aiprov_otel.report.excess import Excess
    from aiprov_otel.report.report import Report
    from aiprov_otel.report.verdict import Arm, ModelArm

_MOST: Final = 5  # functions
_COUNTS: Final = ("functions", "calls", "errors", "error ratio", "95% limits", "self p95 ms")


def markdown(report: Report) -> Iterator[str]:
    """The lines of *report*: verdict, origins, models, the functions with the excess, coverage."""
    yield f"**{report.verdict.text}**"
    yield from _table(
        ("origin", *_COUNTS), [(arm.origin, *_counts(arm)) for arm in report.arms], names=1
    )
    if report.models:
        rows = [(*_author(one), *_counts(one)) for one in report.models]
        yield from _table(("agent", "model", *_COUNTS), rows, names=2)
    excess = [one for one in report.excess.functions if one.excess > 0][:_MOST]
    if excess and report.verdict.adjusted_ratio:
        titles = ("AI-written function", "model", "commit", "errors", "expected", "excess")
        yield from _table((*titles, "rough limits"), map(_excess, excess), names=3)
    yield ""
    yield _covered(report)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, names: int) -> Iterator[str]:
    """A table whose first so many columns are *names*, the others numbers."""
    yield ""
    yield _line(titles)
    yield _line([*["---"] * names, *["---:"] * (len(titles) - names)])
    yield from map(_line, rows)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(name: str) -> str:
    """*name* so that Markdown shows it as it is."""
    shown = " ".join(name.split()).replace("`", "'").replace("|", "\\|")
    return f"`{shown}`" if shown else ""


def _counts(arm: Arm) -> list[str]:
    limits = "" if arm.low is None else f"{percent(arm.low)} - {percent(arm.high)}"
    counts = (f"{arm.functions:,}", f"{arm.calls:,}", f"{arm.errors:,}")
    return [*counts, percent(arm.error_ratio), limits, milliseconds(arm.self_p95_ms)]


def _author(arm: ModelArm) -> tuple[str, str]:
    return _code(arm.agent or "unknown"), _code(arm.model or "unknown")


def _excess(one: Excess) -> list[str]:
    return [
        *(_code(name or "") for name in (one.name, one.model, short_hash(one.commit or ""))),
        f"{one.errors:,.0f}",
        f"{one.expected:,.1f}",
        f"{one.excess:,.1f}",
        f"{one.low:,.1f} to {one.high:,.1f}",
    ]


def _covered(report: Report) -> str:
    coverage, adjusted = report.coverage, report.verdict.adjusted_ratio
    known = f"{percent(coverage.known_share)} of {coverage.units:,} calls have a known origin"
    weak = (
        f", {percent(coverage.weak_share)} of those by weak evidence" if coverage.weak_share else ""
    )
    method = f" {adjusted.method}." if adjusted else ""
    return f"{known}{weak}.{method} What was observed, and no cause."
