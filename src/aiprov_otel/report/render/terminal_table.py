"""Tables that fit a terminal: columns are left out until the rest fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from aiprov_otel.format import short_hash
from aiprov_otel.report.render.tables import Column, Kind
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

UNLIMITED: Final = 1000
"""The width of a pipe in columns: nothing is cut or wrapped for a program."""

STYLES: Final = {"ai": "magenta", "human": "blue", "mixed": "yellow", "unknown": "bright_black"}

_Row = TypeVar("_Row")


def show_table(
    out: Console, title: str, rows: Iterable[_Row], columns: Sequence[Column[_Row]]
) -> None:
    """Prints *rows* below *title*, with the columns that fit; nothing without rows."""
    rows = list(rows)
    if not rows:
        return
    by_rank = sorted(range(len(columns)), key=lambda place: -columns[place].rank)
    while True:
        table = _table(rows, [columns[place] for place in sorted(by_rank)])
        width = Measurement.get(out, out.options.update(max_width=UNLIMITED), table).maximum
        if width <= out.width or len(by_rank) == 1:
            break
        by_rank.pop()
    out.print()
    out.print(Text(title, "bold"))
    out.print(table)


def _table(rows: Sequence[_Row], columns: Sequence[Column[_Row]]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.kind is Kind.NUMBER else "left",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(_cell(column.text(row), column.kind) for column in columns))
    return table


def _cell(text: str, kind: Kind) -> Text:
    if kind is Kind.ORIGIN:
        return Text(text, STYLES.get(text, ""))
    return Text(short_hash(text) if kind is Kind.COMMIT else text)
