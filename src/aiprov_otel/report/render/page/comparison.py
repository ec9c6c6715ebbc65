"""What the view of the comparison draws: intervals, and series over time; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.format import percent, quantity
from aiprov_otel.report.comparison import HUMAN, NOT_AI
from aiprov_otel.report.render.page import scale
from aiprov_otel.report.render.page.scale import Scale
from aiprov_otel.report.render.tables import RATIO_OVER_TIME, SELF_TIME_OVER_TIME, Columns
from aiprov_otel.report.render.text import milliseconds
from aiprov_otel.values import Origin

if TYPE_CHECKING:
    from aiprov_otel.report.report import Coverage, Report
    from aiprov_otel.report.trends import RouteRatio, SelfTimePoint

MOST_ROUTES: Final = 25

_LABELS: Final = ("On the same routes", "… and of the same age", "… line-level evidence only")
"""Of the comparisons, in their order."""

_MATCHES: Final = {
    "exact": "ran exactly the code of the manifest",
    "unverified": "were matched by path only",
    "stale": "ran code that changed after the manifest was built",
    "missing": "ran code that no manifest contains",
    "declared": "have an origin declared in the code",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """
    A row of a forest plot.

    Attributes:
        label: its heading.
        value: the ratio; None if there is none.
        low: lower limit; None if there are no limits.
        high: upper limit, likewise.
        note: small print below the label.
        main: whether it is the ratio of the verdict.
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    main: bool = False

    @property
    def words(self) -> str:
        """The ratio and its limits."""
        if self.value is None:
            return "no ratio"
        limits = (
            "" if self.low is None or self.high is None else f" ({self.low:.2g} to {self.high:.2g})"
        )
        return f"{self.value:.2g}{limits}"


@dataclass(frozen=True, slots=True)
class Forest:
    """Intervals on one scale of doublings around 1, the rate of the *baseline*."""

    caption: str
    rows: tuple[Interval, ...]
    scale: Scale
    baseline: str


def forest(caption: str, rows: Sequence[Interval], baseline: str) -> Forest:
    """The plot of *rows*; *baseline* is the key of a `Baseline`."""
    values = [v for row in rows for v in (row.value, row.low, row.high) if v is not None]
    name = HUMAN.name if baseline == HUMAN.key else NOT_AI.name
    return Forest(caption, tuple(rows), scale.ratios(values), name)


def overall(report: Report) -> Forest | None:
    """The ratio and those of other ways to compare; None without an overall ratio."""
    if not report.verdict.adjusted_ratio:
        return None
    caption = "Errors per call of AI-written code, as a multiple."
    return forest(caption, list(_intervals(report)), report.verdict.baseline)


def by_route(report: Report) -> Forest | None:
    """The routes with most errors below the overall ratio; None without an overall ratio."""
    if not (adjusted := report.verdict.adjusted_ratio):
        return None
    all_routes = Interval("All", adjusted.value, adjusted.low, adjusted.high, main=True)
    baseline = report.verdict.baseline
    rows = [all_routes, *(_route(row, baseline) for row in report.routes[:MOST_ROUTES])]
    return forest("Errors per call of AI-written code, as a multiple.", rows, baseline)


def _intervals(report: Report) -> Iterator[Interval]:
    for place, (label, comparison) in enumerate(zip(_LABELS, report.comparisons, strict=False)):
        if other := comparison.adjusted:
            yield Interval(label, other.value, other.low, other.high, main=not place)
        else:
            yield Interval(label, None, note=comparison.reason or "")
    for service in report.services:
        if other := service.adjusted:
            yield Interval(f"In {service.name} alone", other.value, other.low, other.high)
        else:
            yield Interval(f"In {service.name} alone", None, note=service.reason or "")
    adjusted = report.verdict.adjusted_ratio
    if adjusted and (check := adjusted.check) is not None:
        yield Interval("By regression (quasi-Poisson)", check.value, check.low, check.high)
    if (change := report.before_after.ratio) is not None:
        yield Interval("Before and after a change", change.value, change.low, change.high)
    if crude := report.verdict.crude_ratio:
        yield Interval("Crude", crude, note="all routes together, not adjusted")


def _route(row: RouteRatio, baseline: str) -> Interval:
    counts = (
        f"{row.service}, {row.kind}s; AI {row.exposed_errors:,.0f} of {row.exposed_calls:,.0f}, "
        f"{baseline} {row.baseline_errors:,.0f} of {row.baseline_calls:,.0f}"
    )
    return Interval(row.route, row.ratio, row.low, row.high, counts)


@dataclass(frozen=True, slots=True)
class Series:
    """
    One line of a chart.

    Attributes:
        name: in the legend.
        color: its class in the style sheet.
        values: a number for each part of the time; None leaves a gap.
        upto: how far a bar extends above each value; without any, the values are connected.
    """

    name: str
    color: str
    values: Sequence[float | None]
    upto: Sequence[float | None] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """
    Series over time.

    Attributes:
        title: its heading.
        note: how to read it.
        label: what it shows, for who can't see it.
        series: the lines.
        scale: of the numbers; *ticks* are the words beside it.
        begins: the times of the parts, as short as they can be.
        columns: of the table of its numbers; empty if another chart has them.
        rows: of that table.
    """

    title: str
    note: str
    label: str
    series: tuple[Series, ...]
    scale: Scale
    ticks: tuple[str, ...]
    begins: tuple[str, ...]
    columns: Columns[Any] = ()
    rows: Sequence[object] = ()

    @property
    def dates(self) -> list[tuple[str, float, str]]:
        """The times below it: the words, their place in percent, and the end that is there."""
        last = len(self.begins) - 1
        places = {0: (0.0, "start"), last // 2: (100 * (last // 2 + 0.5) / (last + 1), "middle")}
        places = {last: (100.0, "end"), **places} if last else {0: (0.0, "start")}
        return [(self.begins[part], *place) for part, place in sorted(places.items())]


def charts(report: Report) -> Iterator[Chart]:
    """Errors per call, the ratio if there is one, and self time; each only if there is data."""
    if points := report.over_time:
        begins = _short([point.begin for point in points])
        ai = [_rate(point.exposed_errors, point.exposed_calls) for point in points]
        rest = [_rate(point.baseline_errors, point.baseline_calls) for point in points]
        axis = scale.shares([value for value in (*ai, *rest) if value is not None])
        yield Chart(
            "Errors per call",
            "All routes together, without handlers; not adjusted.",
            "Errors per call over time, AI-written code and the baseline; the numbers are below",
            (
                Series("ai", "ai", ai),
                Series(report.verdict.baseline, _baseline_color(report), rest),
            ),
            axis,
            tuple(f"{100 * tick:.3g}%" for tick in axis.ticks),
            begins,
            RATIO_OVER_TIME,
            [replace(point, begin=word) for point, word in zip(points, begins, strict=True)],
        )
        yield from _ratio(report, begins)
    yield from _self_time(report)


def _ratio(report: Report, begins: tuple[str, ...]) -> Iterator[Chart]:
    ratios = [point.ratio or None for point in report.over_time]
    known = [ratio for ratio in ratios if ratio]
    if report.verdict.adjusted_ratio and len(known) > 1:
        axis = scale.ratios(known)
        yield Chart(
            "Ratio on the same routes",
            "Without limits: read the trend, not a single point.",
            "The adjusted ratio over time; the numbers are above",
            (Series("ratio", "ratio", ratios),),
            axis,
            tuple(scale.multiple(tick) for tick in axis.ticks),
            begins,
        )


def _self_time(report: Report) -> Iterator[Chart]:
    points = report.self_time
    times = sorted({point.begin for point in points})
    by_part = {(point.begin, point.origin): point for point in points}
    series = tuple(
        _range(origin, [by_part.get((begin, origin)) for begin in times])
        for origin in (Origin.AI.value, _baseline_color(report))
    )
    if not points:
        return
    axis = scale.times(v for line in series for v in (*line.values, *line.upto) if v is not None)
    words = dict(zip(times, _short(times), strict=True))
    yield Chart(
        "Self time per call",
        "A call's own time, without the spans below it. The dot is the median, the line extends to "
        "the 95th percentile. All routes together: not a comparison.",
        "Self time over time, AI-written code and the baseline; the numbers are below",
        series,
        axis,
        tuple(f"{milliseconds(tick)} ms" for tick in axis.ticks),
        tuple(words.values()),
        SELF_TIME_OVER_TIME,
        [replace(point, begin=words[point.begin]) for point in points],
    )


def _rate(errors: float, calls: float) -> float | None:
    return errors / calls if calls else None


def _baseline_color(report: Report) -> str:
    """The origin whose color the baseline has."""
    human = report.verdict.baseline == Origin.HUMAN
    return (Origin.HUMAN if human else Origin.UNKNOWN).value


def _range(origin: str, points: Sequence[SelfTimePoint | None]) -> Series:
    return Series(
        origin,
        origin,
        [point.self_p50_ms if point else None for point in points],
        [point.self_p95_ms if point else None for point in points],
    )


def _short(begins: Sequence[str]) -> tuple[str, ...]:
    return tuple(short_time(begin, begins) for begin in begins)


def short_time(begin: str, begins: Sequence[str]) -> str:
    """*begin*, RFC 3339, as short as it can be among *begins*."""
    if begins[0][:10] != begins[-1][:10]:
        return f"{begin[5:10]} {begin[11:16]}"
    by_minute = len({other[:16] for other in begins}) == len(begins)
    return begin[11:16] if by_minute else begin[11:19]


def rests_on(coverage: Coverage) -> Iterator[str]:
    """Sentences about how much of the telemetry the comparison covers."""
    spans, calls = quantity(coverage.spans, "span"), quantity(coverage.units, "call")
    yield f"{spans} received, standing for {calls} of application code."
    if coverage.stands_for > 1:
        yield (
            f"Not all spans were kept: each stands for {coverage.stands_for:.3g} calls on average."
        )
    for share, predicate in (
        (coverage.known_share, "of the calls have a known origin."),
        (coverage.weak_share, "of those rest on weak evidence: a policy or a date, not a mark."),
        *(
            (share, f"of the calls {_MATCHES.get(match, match)}.")
            for match, share in coverage.matches.items()
        ),
        (coverage.informative_share, "of the compared calls ran where both sides did."),
        (coverage.placed_share, "of the errors are in functions with spans; others have no rate."),
    ):
        if share is not None:
            yield f"{percent(share)} {predicate}"
