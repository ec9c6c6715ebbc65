"""`aiprov stats`: shares by origin, agent, model, package, file, evidence, strength, age."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from aiprov_otel.cli import coverage
from aiprov_otel.cli.options import add_manifest, add_paths, add_remote
from aiprov_otel.cli.output import progress, say, say_json
from aiprov_otel.coverage.read import read_coverage
from aiprov_otel.errors import UsageError
from aiprov_otel.format import markdown_table, percent, quantity, short_hash, table
from aiprov_otel.history import audit
from aiprov_otel.history.query import TreeAnswer, query_tree
from aiprov_otel.history.stats import KEYS, Shares, advice, shares


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "stats",
        description="Count lines by origin, agent, model, package, file, evidence, strength or "
        "age, from the manifest if it is up to date, else from git; show how many rest on weak "
        "evidence and how to improve that. With --coverage, count those that tests executed.",
        epilog="example: aiprov stats --by model; aiprov stats --coverage .coverage --uncovered",
    )
    add_paths(parser)
    parser.add_argument("--by", choices=list(KEYS), default="origin", help="default: origin")
    add_manifest(parser)
    add_remote(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the answer as JSON")
    form.add_argument("--markdown", action="store_true", help="print a Markdown table")
    parser.add_argument(
        "--files",
        action="store_true",
        help="with --json: add every file with its hash and runs of lines, for an audit",
    )
    parser.add_argument(
        "--coverage",
        type=Path,
        metavar="FILE",
        help="count the lines that tests executed: .coverage, coverage json, Cobertura or LCOV",
    )
    parser.add_argument(
        "--uncovered",
        action="store_true",
        help="with --coverage: list AI-written functions without a test, edge cases first",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the shares."""
    if args.files and not args.json:
        msg = "--files needs --json"
        raise UsageError(msg)
    if args.uncovered and not args.coverage:
        msg = "--uncovered needs --coverage FILE, such as the .coverage of `coverage run`"
        raise UsageError(msg)
    if args.coverage and args.files:
        msg = "--files is without tests: leave --coverage out"
        raise UsageError(msg)
    root = coverage.root_of(args.paths) if args.coverage else Path()
    measured = read_coverage(args.coverage, root) if args.coverage else []
    answer = query_tree(args.paths, args.manifest, progress("blaming"), remote=args.remote)
    if args.coverage:
        return coverage.show(args, answer, measured)
    result = shares(answer.sources, args.by)
    if args.files:
        for line in audit.render(answer, result):
            say(line)
    elif args.json:
        generated = dict(zip(("files", "lines"), _count_generated(answer), strict=True))
        weak = [sentence.strip() for sentence in advice(answer.sources, answer.policy, answer.git)]
        more = {"said_by": answer.answered_by, "generated": generated, "weak": weak}
        say_json({**result.to_json(), **more})
    else:
        for line in (_markdown if args.markdown else _lines)(result, answer):
            say(line)
    return 0


def _rows(result: Shares) -> list[Sequence[str]]:
    rows = [
        (
            row.key or "unknown",
            f"{row.lines:,}",
            f"{row.files:,}",
            percent(row.lines / result.total_lines),
        )
        for row in result.rows
    ]
    return [(result.by, "lines", "files", "share"), *rows]


def _lines(result: Shares, answer: TreeAnswer) -> Iterator[str]:
    yield f"{quantity(result.total_lines, 'line')}, by {answer.answered_by}"
    yield from table(_rows(result), numbers=(1, 2, 3))
    if remarks := list(_remarks(answer)):
        yield ""
        yield from remarks


def _markdown(result: Shares, answer: TreeAnswer) -> Iterator[str]:
    yield from markdown_table(_rows(result), numbers=(1, 2, 3))
    revision = f" of commit {short_hash(answer.revision)}" if answer.revision else ""
    yield ""
    yield f"{quantity(result.total_lines, 'line')}{revision}."
    for remark in _remarks(answer):
        yield f"{'  ' if remark.startswith(' ') else ''}* {remark.strip()}"


def _remarks(answer: TreeAnswer) -> Iterator[str]:
    yield from advice(answer.sources, answer.policy, answer.git)
    files, lines = _count_generated(answer)
    if files:
        size = f"{quantity(files, 'file')}, {quantity(lines, 'line')}"
        yield f"generated: {size}, counted like any other"


def _count_generated(answer: TreeAnswer) -> tuple[int, int]:
    lines = [source.lines for source in answer.sources if source.generated]
    return len(lines), sum(lines)
