"""`aiprov blame FILE`: every line with its origin."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from aiprov_otel.cli.options import add_manifest, add_moves, add_remote
from aiprov_otel.cli.output import say, say_json
from aiprov_otel.format import quantity, short_hash, table
from aiprov_otel.history.query import FileAnswer, query_file
from aiprov_otel.values import Provenance

PORCELAIN: Final = (
    "line", "origin", "agent", "model", "commit", "time", "evidence", "strength", "match",
)  # fmt: skip
"""The columns of `--porcelain`; new ones are only added at the end."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "blame",
        description="Print each line of a file with its origin, agent, model and commit, from the "
        "manifest if it is up to date, else from git.",
        epilog="example: aiprov blame src/shop/cart.py",
    )
    parser.add_argument("file", type=Path, help="a tracked file")
    add_manifest(parser)
    add_moves(parser)
    add_remote(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object per line")
    form.add_argument(
        "--porcelain", action="store_true", help="print tab-separated columns, for scripts"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the lines."""
    answer = query_file(args.file, args.manifest, moves=args.moves, remote=args.remote)
    lines = ((number, answer.file.line(number)) for number in range(1, answer.file.lines + 1))
    if args.json:
        for number, line in lines:
            say_json({**as_json(answer.file.path, number, line), "said_by": answer.answered_by})
    elif args.porcelain:
        for number, line in lines:
            say("\t".join(_columns(as_json(answer.file.path, number, line))))
    else:
        for text in _lines(answer):
            say(text)
    return 0


def as_json(path: str, number: int, line: Provenance) -> dict[str, Any]:
    """Line *number* of *path*, with the keys that every verb prints."""
    return {"path": path, "line": number, **line.to_json(), "match": line.match.value}


def _columns(line: dict[str, Any]) -> list[str]:
    return [str(line[name]) if line[name] is not None else "-" for name in PORCELAIN]


def _lines(answer: FileAnswer) -> Iterator[str]:
    file = answer.file
    yield f"{file.path}: {quantity(file.lines, 'line')}, by {answer.answered_by}"
    if answer.problem:
        yield f"all unknown: {answer.problem}"
    source = _split_lines(answer.content.decode("utf-8", "replace"))
    rows = [_row(number, file.line(number)) for number in range(1, file.lines + 1)]
    for row, text in zip(table(rows, numbers=(0,)) if rows else [], source, strict=False):
        yield f"{row}  {text}".rstrip()


def _split_lines(text: str) -> list[str]:
    """The lines of *text* as Python counts them: str.splitlines() knows more ends of a line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _row(number: int, line: Provenance) -> tuple[str, ...]:
    commit = short_hash(line.commit or "-")
    return str(number), line.origin.value, line.agent or "-", line.model or "-", commit, "|"
