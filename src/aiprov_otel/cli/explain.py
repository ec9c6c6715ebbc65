"""`aiprov explain FILE:LINE`: commit, evidence, origin, step by step."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiprov_otel.cli.blame import as_json
from aiprov_otel.cli.options import add_manifest, add_moves, add_remote
from aiprov_otel.cli.output import say, say_json
from aiprov_otel.errors import UsageError
from aiprov_otel.format import age, quantity
from aiprov_otel.history.explain import explain_line
from aiprov_otel.history.query import query_file
from aiprov_otel.manifest import SourceFile
from aiprov_otel.values import Provenance


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "explain",
        description="Print each step from a line to its origin: commit, evidence, policy. The "
        "steps come from git; a manifest has only the result.",
        epilog="example: aiprov explain src/shop/cart.py:42",
    )
    parser.add_argument("where", metavar="FILE:LINE", help="a line of a tracked file")
    add_manifest(parser)
    add_moves(parser)
    add_remote(parser)
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the steps."""
    path, number = _parse_place(args.where)
    answer = query_file(path, args.manifest, history=True, moves=args.moves, remote=args.remote)
    if not 1 <= number <= answer.file.lines:
        msg = f"{path} has no line {number}, only {quantity(answer.file.lines, 'line')}"
        raise UsageError(msg)
    line = answer.file.line(number)
    steps = explain_line(answer, number)
    if args.json:
        head = {**as_json(answer.file.path, number, line), "said_by": answer.answered_by}
        say_json({**head, "generated": answer.file.generated, "chain": steps})
    else:
        for text in _lines(answer.file, number, line, steps):
            say(text)
    return 0


def _parse_place(where: str) -> tuple[Path, int]:
    path, _, number = where.rpartition(":")
    if not path or not number.isdecimal():
        msg = f"{where!r} is not FILE:LINE, such as src/shop/cart.py:42"
        raise UsageError(msg)
    return Path(path), int(number)


def _lines(
    file: SourceFile, number: int, line: Provenance, steps: list[dict[str, Any]]
) -> Iterator[str]:
    named = ", ".join(value for value in (line.agent, line.model) if value)
    yield f"{file.path}:{number}  {line.origin}{f' ({named})' if named else ''}"
    if line.time:
        yield f"  committed {line.time}, {age(line.time)} ago"
    if file.generated:
        yield "  the file is marked as generated; its lines count for those who committed them"
    for step in steps:
        yield f"  {step['where']}: {step['text']}{_verdict(step)}"


def _verdict(step: dict[str, Any]) -> str:
    if step["step"] != "evidence":
        return ""
    if not step["evidence"]:
        return "  [does not mark the commit]"
    verb = "decides" if step["decides"] else "alone would mean"
    return f"  [{step['evidence']}, {verb}: {step['says']}]"
