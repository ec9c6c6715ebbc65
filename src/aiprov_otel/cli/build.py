"""`aiprov build`: from git to the manifest."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from aiprov_otel.cli.options import add_moves, add_paths, add_remote
from aiprov_otel.cli.output import counted, percent, progress, say, say_json, table
from aiprov_otel.history.build import Summary, build
from aiprov_otel.history.effective_policy import existing_folder
from aiprov_otel.values import Evidence, Origin

_MOST = 5  # paths that are listed for one reason


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "build",
        help="write the manifest: who wrote each line, by git",
        description="Blame every tracked Python file and write who wrote its lines to a manifest.",
        epilog="example: aiprov build --rev v2.1.0 --output dist/aiprov.manifest",
    )
    add_paths(parser)
    parser.add_argument(
        "-o", "--output", type=Path, help="default: aiprov.manifest in PATH, or in the root"
    )
    parser.add_argument("--rev", help="build for this commit, and leave the work tree alone")
    add_moves(parser)
    parser.add_argument(
        "--ai-only",
        action="store_true",
        help="ask only whose the AI lines are: faster; the others get no commit",
    )
    add_remote(parser)
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build, and print what was found."""
    summary = build(
        existing_folder(args.paths),
        args.output,
        paths=args.paths,
        revision=args.rev,
        moves=args.moves,
        only_ai=args.ai_only,
        progress=progress("blaming"),
        remote=args.remote,
    )
    if args.json:
        say_json(summary.to_json())
    else:
        for line in _lines(summary):
            say(line)
    return 0


def _lines(summary: Summary) -> Iterator[str]:
    size = f"{counted(summary.files, 'file')}, {counted(summary.lines, 'line')}"
    yield f"{size}, commit {summary.revision[:12]}"
    yield from _counts("origin", summary.origins, Origin, summary.lines)
    yield from _counts("evidence", summary.evidence, Evidence, summary.lines)
    yield ""
    yield from _advice(summary)
    yield from _left_out(summary)
    if summary.note:
        yield f"built in full: {summary.note}"
    yield f"wrote {summary.path} in {summary.seconds:.1f} s"


def _counts(
    title: str, counts: Mapping[str, int], order: type[Origin | Evidence], total: int
) -> Iterator[str]:
    rows = [(key.value, str(n), percent(n, total)) for key in order if (n := counts.get(key, 0))]
    if rows:
        yield ""
        yield from table([(title, "lines", "share"), *rows], numbers=(1, 2))


def _advice(summary: Summary) -> Iterator[str]:
    if summary.undecided:
        share = percent(summary.undecided, summary.lines)
        yield (
            f'unmarked = "human" in [tool.aiprov] would decide {counted(summary.undecided, "line")}'
            f" more ({share}): say so if your team marks its AI work"
        )
    if summary.unasked:
        yield (
            f"{counted(summary.unasked, 'line')} that no mark is about, "
            "and decided by `unmarked` alone (--ai-only)"
        )
    if summary.uncommitted:
        yield f"uncommitted: {counted(summary.uncommitted, 'line')}, unknown until committed"
    if summary.boundary:
        yield (
            f"shallow clone: {counted(summary.boundary, 'line')}, older than it and unknown; "
            "fetch the rest with `git fetch --unshallow`"
        )
    if summary.missing_records:
        yield (
            f"partial clone: {counted(summary.missing_records, 'record')} not in it; "
            "fetch them with `git fetch --refetch --no-filter origin '+refs/notes/*:refs/notes/*'`"
        )
    if summary.fetch_command:
        yield f"records on the remote were not fetched; fetch them with `{summary.fetch_command}`"
    if summary.remote_unasked:
        yield "no records in this clone; `aiprov build --remote` asks the remote for some"


def _left_out(summary: Summary) -> Iterator[str]:
    if not summary.files:
        yield "no tracked Python file counts; look at `exclude` in [tool.aiprov]"
    if summary.generated:
        lines = counted(summary.generated_lines, "line")
        files = counted(summary.generated, "file")
        yield f"generated: {files}, {lines}, flagged so and attributed as any other"
    if summary.excluded:
        excluded = counted(summary.excluded, "file")
        yield f"left out: {excluded} by `exclude` of [tool.aiprov], which by default names tests"
    if summary.languages:
        files = ", ".join(f"{n} {name}" for name, n in summary.languages.most_common())
        yield f"left out: {files} files; only Python is read"
    yield from _by_reason("left out", summary.left_out)
    yield from _by_reason("unknown", summary.unattributed)


def _by_reason(title: str, files: tuple[tuple[str, str], ...]) -> Iterator[str]:
    paths = defaultdict(list)
    for path, reason in files:
        paths[reason].append(path)
    for reason, those in paths.items():
        more = f" and {len(those) - _MOST} more" if len(those) > _MOST else ""
        yield f"{title}: {', '.join(those[:_MOST])}{more}: {reason}"
