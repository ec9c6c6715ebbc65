"""The report of counters, printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiprov_otel.cli.output import say
from aiprov_otel.format import percent, table
from aiprov_otel.report.counters import LIMITATIONS, LabelCounts, MetricCounts


def show(results: Sequence[MetricCounts]) -> None:
    """Print what each metric counted, and what counters can't tell."""
    for crude in results:
        say(f"{crude.metric}, {crude.period}")
        say(crude.text)
        for heading, counts in _parts(crude):
            say()
            for line in _lines(heading, counts):
                say(line)
        say()
    say("What counters can't tell:")
    for sentence in LIMITATIONS:
        say(f"* {sentence}")


def _parts(crude: MetricCounts) -> Iterator[tuple[Sequence[str], Sequence[LabelCounts]]]:
    yield ("origin",), crude.origins
    yield ("origin", "model"), crude.models
    yield ("service", "origin"), crude.services
    if crude.routes:
        yield ("service", "route", "origin"), crude.routes


def _lines(heading: Sequence[str], counts: Sequence[LabelCounts]) -> list[str]:
    wide = len(heading)
    rows = [(*heading, "calls", "errors", "error ratio"), *map(_row, counts)]
    return table(rows, numbers=(wide, wide + 1, wide + 2))


def _row(count: LabelCounts) -> tuple[str, ...]:
    key = (value or "-" for value in count.key)
    return (
        *key,
        f"{count.calls:,.0f}",
        f"{count.errors:,.0f}",
        "-" if count.error_ratio is None else percent(count.error_ratio),
    )
