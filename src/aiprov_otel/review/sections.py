"""A review as sections of tables, which the terminal and Markdown show alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from aiprov_otel.format import percent, quantity, short_hash
from aiprov_otel.review.places import Place
from aiprov_otel.review.production import FailingFunction
from aiprov_otel.review.review import Review, UntestedAi, count

MOST: Final = 8
"""How many rows a section shows; `--json` has all."""


@dataclass(frozen=True, slots=True)
class Section:
    """A *title*, and the *rows* of its table: the first is the heading; none for a sentence."""

    title: str
    rows: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[int, ...] = ()


def sections(review: Review) -> Iterator[Section]:
    """The sections of *review*, in the order of what needs a decision last."""
    yield _added(review)
    if review.policy_changed:
        yield Section("The change edits pyproject.toml, where policy and gates are")
    if review.untested is not None:
        yield from _untested(review.untested)
    if review.failing is not None:
        yield _failing(review.failing)
    if review.replaced_repairs:
        yield _repairs(review)
    if review.weak:
        share = percent(review.share(review.weak))
        title = f"Weak or missing evidence: {quantity(count(review.weak), 'line')} ({share})"
        yield Section(title, _places(review.weak))
    if review.gates:
        yield _gates(review)


def _added(review: Review) -> Section:
    title = f"{quantity(review.lines, 'line')} added since {short_hash(review.base)}"
    head = ("origin", "agent", "model", "evidence", "lines", "share", "where")
    rows = [
        (
            row.origin,
            row.agent or "",
            row.model or "",
            row.strength,
            f"{row.lines:,}",
            percent(row.lines / review.lines),
            _where(row.places),
        )
        for row in review.added
    ]
    return Section(title, _table(head, rows), (4, 5))


def _untested(untested: UntestedAi) -> Iterator[Section]:
    if untested.statements:
        lines = f"{untested.lines:,} of {quantity(untested.statements, 'line')}"
        title = f"AI-written and untested: {lines} ({percent(untested.share)})"
        yield Section(title, _places(untested.places))
    if untested.unmeasured:
        lines = quantity(count(untested.unmeasured), "line")
        title = f"Of these, in files without coverage of this version: {lines}"
        yield Section(title, _places(untested.unmeasured))


def _failing(failing: tuple[FailingFunction, ...]) -> Section:
    if not failing:
        return Section("In functions that failed lately: none")
    rows = [(f.name, _where(f.added), f"{f.errors:,}", _errors(f)) for f in failing]
    head = ("function", "added lines", "errors", "of them")
    return Section("In functions that failed lately", _table(head, rows), (2,))


def _errors(function: FailingFunction) -> str:
    """`17 KeyError at line 12`, the most frequent first."""
    texts = (
        f"{line.errors:,} {line.type}{f' at line {line.line}' if line.line else ''}"
        for line in function.failed
    )
    return _some(list(texts), 2)


def _repairs(review: Review) -> Section:
    found = review.replaced_repairs
    lines = quantity(review.replacing, "line")
    rows = [
        (
            str(repair.place),
            short_hash(repair.repair),
            _some([*map(short_hash, repair.repaired)], 2),
        )
        for repair in found
    ]
    head = ("lines", "replace the repair", "of lines of")
    title = f"AI-written, replacing a person's repair of AI-written lines: {lines}"
    return Section(title, _table(head, rows))


def _gates(review: Review) -> Section:
    rows = [
        (gate.key, f"{gate.limit:g}", f"{gate.value:.4g}", "passed" if gate.passed else "failed")
        for gate in review.gates
    ]
    return Section("Gates", (("gate", "limit", "value", "result"), *rows), (1, 2))


def _places(places: Iterable[Place]) -> tuple[tuple[str, ...], ...]:
    return _table(("lines",), [(str(place),) for place in places])


def _where(places: tuple[Place, ...]) -> str:
    return _some([str(place) for place in places], 2)


def _some(texts: list[str], most: int) -> str:
    more = f", {len(texts) - most} more" if len(texts) > most else ""
    return f"{', '.join(texts[:most])}{more}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    if not rows:
        return ()
    rest = len(rows) - MOST
    last = [(f"… {rest:,} more", *("" for _ in head[1:]))] if rest > 0 else []
    return (head, *rows[:MOST], *last)
