"""`aiprov stats`: shares by origin, agent, model, package."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from aiprov_otel.cli.plain import counted, percent, progress, say, say_json, table
from aiprov_otel.history.answers import of_tree
from aiprov_otel.history.shares import KEYS, Shares, shares


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "stats",
        help="shares of the lines by origin, agent, model, package",
        description="Count lines: by the manifest if it is up to date, else by git.",
        epilog="example: aiprov stats --by model",
    )
    parser.add_argument("path", nargs="?", type=Path, default=Path(), help="in the repository")
    parser.add_argument("--by", choices=list(KEYS), default="origin", help="default: origin")
    parser.add_argument("--manifest", type=Path, help="ask this manifest, and not git")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the shares."""
    sources, said_by = of_tree(args.path, args.manifest, progress("blaming"))
    result = shares(sources, args.by)
    if args.json:
        say_json({**result.to_json(), "said_by": said_by})
    else:
        for line in _lines(result, said_by):
            say(line)
    return 0


def _lines(result: Shares, said_by: str) -> Iterator[str]:
    yield f"{counted(result.total_lines, 'line')}, by {said_by}"
    rows = [
        (
            row.key or "unknown",
            str(row.lines),
            str(row.files),
            percent(row.lines, result.total_lines),
        )
        for row in result.rows
    ]
    yield from table([(result.by, "lines", "files", "share"), *rows], numbers=(1, 2, 3))
