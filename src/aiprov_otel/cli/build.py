"""`aiprov build`: from git to the manifest."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from aiprov_otel.cli.options import add_moves, add_paths, add_remote
from aiprov_otel.cli.output import progress, say, say_json
from aiprov_otel.format import percent, quantity, short_hash, table
from aiprov_otel.history.build import Summary, build
from aiprov_otel.history.effective_policy import existing_folder
from aiprov_otel.values import Evidence, Origin

_MOST_PATHS = 5  # listed per reason


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "build",
        description="Blame every tracked Python file; write the origin of its lines to a manifest.",
        epilog="example: aiprov build --rev v2.1.0 --output dist/aiprov.manifest",
    )
    add_paths(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="default: aiprov.manifest in PATH, or in the root of the repository",
    )
    parser.add_argument("--rev", help="build for this commit instead of the work tree")
    add_moves(parser)
    parser.add_argument(
        "--ai-only",
        action="store_true",
        help="blame only lines that may be AI: faster, but the other lines get no commit",
    )
    parser.add_argument(
        "--pull-requests",
        type=Path,
        metavar="FILE",
        help="pull requests as the forge describes them, in JSON; default: pull_requests of "
        "[tool.aiprov]",
    )
    add_remote(parser)
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build the manifest, and print a summary."""
    summary = build(
        existing_folder(args.paths),
        args.output,
        paths=args.paths,
        revision=args.rev,
        moves=args.moves,
        only_ai=args.ai_only,
        pull_requests=args.pull_requests,
        progress=progress("blaming"),
        remote=args.remote,
    )
    if args.json:
        say_json(summary.to_json())
    else:
        for line in _lines(summary, asked=args.remote):
            say(line)
    return 0


def _lines(summary: Summary, *, asked: bool) -> Iterator[str]:
    size = f"{quantity(summary.files, 'file')}, {quantity(summary.lines, 'line')}"
    yield f"{size}, commit {short_hash(summary.revision)}"
    yield from _counts("origin", summary.origins, Origin, summary.lines)
    yield from _counts("evidence", summary.evidence, Evidence, summary.lines)
    yield ""
    yield from _advice(summary, asked=asked)
    yield from _left_out(summary)
    if summary.note:
        yield f"rebuilt from scratch: {summary.note}"
    yield f"wrote {summary.path} in {summary.seconds:.1f} s"


def _counts(
    title: str, counts: Mapping[str, int], order: type[Origin | Evidence], total: int
) -> Iterator[str]:
    rows = [(key.value, f"{n:,}", percent(n / total)) for key in order if (n := counts.get(key, 0))]
    if rows:
        yield ""
        yield from table([(title, "lines", "share"), *rows], numbers=(1, 2))


def _advice(summary: Summary, *, asked: bool) -> Iterator[str]:
    if summary.undecided:
        yield _undecided(summary)
    if summary.unasked:
        yield (
            f"not blamed (--ai-only): {quantity(summary.unasked, 'line')} without a mark, "
            "decided by `unmarked` alone"
        )
    if summary.uncommitted:
        yield f"uncommitted: {quantity(summary.uncommitted, 'line')}, unknown until committed"
    if summary.boundary:
        yield (
            f"shallow clone: {quantity(summary.boundary, 'line')} older than the clone, unknown; "
            "fetch the history with `git fetch --unshallow`"
        )
    if summary.missing_records:
        yield (
            f"partial clone: {quantity(summary.missing_records, 'record')} missing; run "
            "`git fetch --refetch --no-filter origin 'refs/notes/*:refs/notes/*'`"
        )
    if summary.by_policy and (summary.fetch_command or summary.remote_unasked):
        yield (
            f"warning: {quantity(summary.by_policy, 'line')} are human by policy alone, and the "
            "remote may have records that call them AI"
        )
    for ref, names in summary.unreadable_records.items():
        yield (
            f"records: {quantity(len(names), 'note')} in {ref} can't be read and "
            f"{'counts' if len(names) == 1 else 'count'} for nothing; the first is of commit "
            f"{short_hash(names[0])}"
        )
    yield from _requests(summary, asked=asked)
    if summary.fetch_command:
        yield f"the remote has more than this clone; run `{summary.fetch_command}`"
    if summary.remote_unasked:
        yield "no records in this clone; `aiprov build --remote` asks the remote for some"


def _undecided(summary: Summary) -> str:
    """What a policy would decide; no policy is suggested that records refute."""
    lines = quantity(summary.undecided, "line")
    share = percent(summary.undecided / summary.lines)
    if summary.coverage and summary.coverage.is_low:
        return f"nothing marks {lines} ({share}), which means nothing here: {summary.coverage}"
    return (
        f'unmarked = "human" in [tool.aiprov] would decide {lines} more ({share}); '
        "set it if your team marks its AI commits"
    )


def _requests(summary: Summary, *, asked: bool) -> Iterator[str]:
    """
    What the commits, and the branches, of pull requests decide, and what they could.

    With *asked*, the summary knows what the remote has.
    """
    if summary.requested:
        lines = quantity(summary.requested, "line")
        yield f"pull requests: {lines} of squashes decided by the commits that wrote them"
    if summary.unrequested:
        lines = quantity(summary.unrequested, "line")
        if asked and not summary.fetch_command:
            why, step = "the remote does not have", ""
        else:
            why = "were not fetched"
            step = "" if asked else "; `aiprov build --remote` names the command"
        unknown = f"{summary.unrequested_unknown:,} of them unknown"
        yield f"pull requests: {lines} of squashes whose commits {why}, {unknown}{step}"
    if summary.by_branch:
        lines = quantity(summary.by_branch, "line")
        yield (
            f'branches of agents: {lines}; origin_of = {{ branch = "ai" }} in [tool.aiprov] would '
            "decide them"
        )


def _left_out(summary: Summary) -> Iterator[str]:
    if not summary.files:
        yield "no tracked Python file is included; check `exclude` in [tool.aiprov]"
    if summary.generated:
        lines = quantity(summary.generated_lines, "line")
        files = quantity(summary.generated, "file")
        yield f"generated: {files}, {lines}, flagged but attributed like any other"
    if summary.excluded:
        excluded = quantity(summary.excluded, "file")
        yield f"left out: {excluded} by `exclude` in [tool.aiprov], by default tests"
    if summary.languages:
        files = ", ".join(f"{n} {name}" for name, n in summary.languages.most_common())
        yield f"left out (not Python): {files}"
    yield from _by_reason("left out", summary.left_out)
    yield from _by_reason("unknown", summary.unattributed)


def _by_reason(title: str, files: tuple[tuple[str, str], ...]) -> Iterator[str]:
    paths = defaultdict(list)
    for path, reason in files:
        paths[reason].append(path)
    for reason, names in paths.items():
        more = f" and {len(names) - _MOST_PATHS} more" if len(names) > _MOST_PATHS else ""
        yield f"{title}: {', '.join(names[:_MOST_PATHS])}{more}: {reason}"
