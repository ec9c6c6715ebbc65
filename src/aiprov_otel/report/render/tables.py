"""Tables that fit a terminal, and how numbers and origins look in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

PIPE: Final = 1000
"""Columns: nothing is cut or wrapped for a program that reads us."""

STYLES: Final = {"ai": "magenta", "human": "green", "mixed": "yellow", "unknown": "bright_black"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; of the columns that don't fit, those with the least *worth* go."""

    title: str
    worth: int
    number: bool = True


def show_table(
    out: Console, title: str, rows: Iterable[Sequence[str | Text]], columns: Sequence[Column]
) -> None:
    """Print *rows* below *title*, of the columns those that fit; nothing without rows."""
    every = list(rows)
    if not every:
        return
    chosen = sorted(range(len(columns)), key=lambda index: -columns[index].worth)
    while chosen:
        table = _drawn(every, columns, sorted(chosen))
        needed = Measurement.get(out, out.options.update(max_width=PIPE), table).maximum
        if needed <= out.width or len(chosen) == 1:
            break
        chosen.pop()
    out.print()
    out.print(Text(title, "bold"))
    out.print(table)


def _drawn(
    rows: Sequence[Sequence[str | Text]], columns: Sequence[Column], chosen: Sequence[int]
) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for index in chosen:
        column = columns[index]
        table.add_column(
            column.title, justify="right" if column.number else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(row[index] for index in chosen))
    return table


def origin_text(origin: str) -> Text:
    """*origin* in its color."""
    return Text(origin, STYLES.get(origin, ""))


def milliseconds(ms: float | None) -> str:
    """*ms* with three digits; nothing where there is none."""
    return "" if ms is None else f"{ms:,.0f}" if abs(ms) >= 100 else f"{ms:.3g}"
