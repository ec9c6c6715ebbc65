"""The part of `aiprov stats` about what tests executed: `--coverage` and `--uncovered`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from aiprov_otel.cli.output import say, say_json
from aiprov_otel.coverage.values import FileCoverage
from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.format import markdown_table, percent, quantity, table
from aiprov_otel.history.effective_policy import existing_folder
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.query import TreeAnswer
from aiprov_otel.review.places import lines_text
from aiprov_otel.review.tested import Row, Tested, Untested, covered_by, match, untested
from aiprov_otel.stacktrace.annotate import describe

_NUMBERS = (1, 2, 3, 4, 5)


def show(args: argparse.Namespace, answer: TreeAnswer, measured: Sequence[FileCoverage]) -> int:
    """
    Prints how much of the lines of *answer* was executed, as *measured*.

    Raises:
        UsageError: none of the measured files has lines in *answer*.
    """
    root = root_of(args.paths)
    tested = match(answer.sources, measured, root)
    if not tested.files and not tested.stale:
        msg = (
            f"none of the {quantity(len(measured), 'file')} in {args.coverage} has lines by "
            f"{answer.answered_by}: {', '.join(tested.unmatched[:3])}; is it of this repository?"
        )
        raise UsageError(msg)
    rows = covered_by(tested, args.by)
    functions = untested(tested, root) if args.uncovered else []
    if args.json:
        say_json(
            {
                "by": args.by,
                "coverage": str(args.coverage),
                "rows": [asdict(row) for row in rows],
                "unmatched": list(tested.unmatched),
                "stale": list(tested.stale),
                "uncovered": [function.to_json() for function in functions],
                "said_by": answer.answered_by,
            }
        )
        return 0
    format_table = markdown_table if args.markdown else table
    for line in format_table(_cells(rows, args.by), numbers=_NUMBERS):
        say(line)
    for line in _remarks(tested, answer):
        say(line)
    if args.uncovered:
        for line in _uncovered(functions):
            say(line)
    return 0


def root_of(paths: Sequence[Path]) -> Path:
    """The folder that the files of *paths* were measured in."""
    try:
        return Git.open(existing_folder(paths)).root
    except HistoryError:  # a manifest without its repository
        return Path.cwd()


def _cells(rows: Sequence[Row], by: str) -> list[Sequence[str]]:
    head = (by, "lines", "tested", "share", "branches", "taken")
    return [head, *(_row(row) for row in rows)]


def _row(row: Row) -> Sequence[str]:
    branches = (f"{row.branches:,}", f"{row.covered_branches:,}") if row.branches else ("", "")
    lines = (f"{row.statements:,}", f"{row.covered:,}", percent(row.share))
    return (row.key or "unknown", *lines, *branches)


def _remarks(tested: Tested, answer: TreeAnswer) -> Iterator[str]:
    yield ""
    yield f"lines that can be executed, in {quantity(len(tested.files), 'file')}"
    if lacking := len(answer.sources) - len(tested.files) - len(tested.stale):
        yield f"not measured: {quantity(lacking, 'file')}"
    if tested.stale:
        yield (
            f"changed since they were measured: {quantity(len(tested.stale), 'file')} "
            f"({', '.join(tested.stale[:3])}); run the tests again"
        )
    if tested.unmatched:
        yield f"measured, not counted here: {quantity(len(tested.unmatched), 'file')}"


def _uncovered(functions: Sequence[Untested]) -> Iterator[str]:
    yield ""
    if not functions:
        yield "no AI-written function lacks a test"
        return
    yield f"{quantity(len(functions), 'AI-written function')} to test, edge cases first"
    for function in functions:
        yield f"{function.path}:{function.line}  {function.name}  {describe(function.provenance)}"
        if function.edges:
            edges = ", ".join(map(str, function.edges))
            yield f"  untested except or raise: {edges}"
        if function.never_called:
            yield "  no test calls it"
        else:
            lines = (lines_text(place.first, place.last) for place in function.missing)
            yield f"  untested: {', '.join(lines)}"
