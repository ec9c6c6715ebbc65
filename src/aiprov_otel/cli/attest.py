"""`aiprov attest`: origins as an in-toto statement, and how they differ between releases."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from aiprov_otel.cli.options import add_manifest
from aiprov_otel.cli.output import note, say, say_json
from aiprov_otel.errors import UsageError
from aiprov_otel.files import write_whole
from aiprov_otel.format import quantity, short_hash, table
from aiprov_otel.history.git.repository import Git
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.manifest.locate import manifest_above
from aiprov_otel.review.attestation import attest, subject_of
from aiprov_otel.review.release_diff import (
    OriginChange,
    Release,
    compare_releases,
    read_release,
)

_SHOWN = 3  # places per row


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "attest",
        description="Write an in-toto Statement (v1) with the SCAI predicate (v0.3) about a wheel, "
        "an image or a commit: its lines by origin, as the manifest has them. Sign it with your "
        "own tool. With --diff, list the lines whose origin differs between two releases.",
        epilog="example: aiprov attest dist/shop-1.2-py3-none-any.whl -o shop.intoto.json; "
        "aiprov attest --diff v1.1 v1.2",
    )
    parser.add_argument(
        "subject",
        nargs="?",
        metavar="SUBJECT",
        help="a file such as a wheel, or image@sha256:…; default: the commit of the manifest",
    )
    add_manifest(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="default: standard output"
    )
    parser.add_argument(
        "--diff",
        nargs=2,
        metavar=("OLD", "NEW"),
        help="two commits or manifests: list the lines whose origin differs, instead",
    )
    parser.add_argument("--json", action="store_true", help="with --diff: print it as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the statement, or print the difference."""
    if args.diff:
        return _diff(args)
    if args.json:
        raise UsageError("--json is for --diff: a statement is JSON")
    manifest = Manifest.load(args.manifest or manifest_above(Path()) or FILE_NAME)
    statement = attest(manifest, subject_of(args.subject, manifest))
    if args.output is None:
        sys.stdout.write(statement.decode("ascii"))
        return 0
    try:
        write_whole(args.output, statement, 0o644)
    except OSError as error:
        msg = f"can't write {args.output} ({error.strerror or error}); name another file"
        raise UsageError(msg) from error
    note(f"wrote {args.output}; sign it with your own tool")
    return 0


def _diff(args: argparse.Namespace) -> int:
    if args.subject or args.manifest or args.output:
        raise UsageError("--diff makes no statement: leave SUBJECT, --manifest and --output out")
    git = Git.open(Path())
    old, new = (read_release(git, name) for name in args.diff)
    changes = compare_releases(git, old, new)
    if args.json:
        rows = [change.to_json() for change in changes]
        say_json({"old": old.revision, "new": new.revision, "changes": rows})
    else:
        for line in _lines(old, new, changes):
            say(line)
    return 0


def _lines(old: Release, new: Release, changes: list[OriginChange]) -> Iterator[str]:
    lines = quantity(sum(change.lines for change in changes), "line")
    between = f"between {short_hash(old.revision)} and {short_hash(new.revision)}"
    yield f"{lines} with another origin {between}"
    if changes:
        head = ("how", "before", "after", "lines", "where")
        yield from table([head, *map(_row, changes)], numbers=(3,))


def _row(change: OriginChange) -> tuple[str, ...]:
    more = len(change.places) - _SHOWN
    where = ", ".join(map(str, change.places[:_SHOWN]))
    where += f", {more:,} more" if more > 0 else ""
    return (change.kind.value, change.old, change.new, f"{change.lines:,}", where)
