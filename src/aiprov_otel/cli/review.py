"""`aiprov review`: the lines that a change adds, before somebody approves them."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiprov_otel import settings
from aiprov_otel.cli.options import address, limit
from aiprov_otel.cli.output import note, say, say_json
from aiprov_otel.coverage.read import read_coverage
from aiprov_otel.errors import UsageError
from aiprov_otel.format import quantity
from aiprov_otel.report.failed_lines import FailedLine, read_failed_lines
from aiprov_otel.review.change import read_change, untracked_files
from aiprov_otel.review.render import render_annotations, render_markdown, render_text
from aiprov_otel.review.review import Review, review
from aiprov_otel.telemetry.workdir import STORE

_EPILOG = """example:
  aiprov review --base origin/main --coverage .coverage
  aiprov review --base origin/main --from clickhouse://host:8123/otel --markdown

Exit status: 0 done, 1 a gate of [tool.aiprov.review] failed, 2 something to fix."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "review",
        description="Of the lines that the work tree adds since it left BASE: their origins; which "
        "are AI-written and untested; in functions that failed lately; in the place of a repair; "
        "on weak evidence. Gates are in [tool.aiprov.review].",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--base", required=True, metavar="REV", help="the branch to merge into: origin/main"
    )
    parser.add_argument(
        "--coverage",
        type=Path,
        metavar="FILE",
        help="what tests executed: .coverage, coverage json, Cobertura or LCOV",
    )
    parser.add_argument(
        "--from",
        dest="address",
        type=address,
        metavar="SOURCE",
        help="what failed: clickhouse://…, prometheus://…, or a file or folder of OTLP or Parquet; "
        f"default: {STORE}, if it is there",
    )
    parser.add_argument(
        "--days", type=limit, default=7.0, metavar="N", help="what failed in N days; default: 7"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the review as JSON")
    form.add_argument("--markdown", action="store_true", help="print it for a pull request")
    form.add_argument(
        "--github",
        action="store_true",
        help="print annotations for GitHub Actions, and write the summary of the job",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the review; 1 if a gate failed."""
    change = read_change(Path(), args.base)
    measured = read_coverage(args.coverage, change.git.root) if args.coverage else None
    result = review(change, measured, _failed(args, change.git.root))
    if untracked := untracked_files(change.git):
        files = quantity(len(untracked), "Python file")
        note(f"git does not track {files}, so the review is without: `git add {untracked[0]}` …")
    if args.json:
        say_json(result.to_json())
    elif args.github:
        _tell_github(result)
    else:
        for line in (render_markdown if args.markdown else render_text)(result):
            say(line)
    for gate in result.gates:
        if not gate.passed:
            note(f"{gate.key} is {gate.value:.4g}, above the limit of {gate.limit:g}")
    return 0 if result.passed else 1


def _failed(args: argparse.Namespace, root: Path) -> tuple[FailedLine, ...] | None:
    store = root / STORE
    if not args.address and not store.is_file():
        return None
    return read_failed_lines(args.address, store, args.days)


def _tell_github(result: Review) -> None:
    for line in render_annotations(result):
        say(line)
    summary = settings.github_summary()
    if summary is None:
        raise UsageError("GITHUB_STEP_SUMMARY is not set: use --github in a job of GitHub Actions")
    with summary.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in render_markdown(result))
