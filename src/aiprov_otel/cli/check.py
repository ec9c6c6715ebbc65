"""`aiprov check`: does the manifest match the tree?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from aiprov_otel.cli.output import counted, percent, say, say_json
from aiprov_otel.errors import UsageError
from aiprov_otel.history.check import Comparison, Gate, GateResult, check_gate, compare
from aiprov_otel.history.effective_policy import apply_policy
from aiprov_otel.history.git.repository import Git
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.values import Strength


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "check",
        help="does the manifest match the tree, and is enough known?",
        description="Compare the manifest with the work tree and, with --min-known, ask whether "
        "enough of it is known. Status 0: it matches and is; 1: it doesn't, or isn't.",
        epilog="example: aiprov check --min-known 0.9 --min-strength commit --since origin/main",
    )
    parser.add_argument("path", nargs="?", type=Path, default=Path(), help="in the repository")
    parser.add_argument(
        "--manifest", type=Path, help="default: aiprov.manifest in that folder, or in the root"
    )
    parser.add_argument(
        "--min-known", type=float, metavar="SHARE", help="lines that need an origin, 0 to 1"
    )
    parser.add_argument(
        "--min-strength",
        choices=[strength.value for strength in reversed(Strength)],
        help="evidence that makes a line known; default: weak, which is any",
    )
    parser.add_argument(
        "--since", metavar="REV", help="ask only about lines of commits that REV does not have"
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare and ask, and print each difference."""
    gate = _gate(args)
    git = Git.open(args.path)
    path = args.manifest or _default(args.path, git.root)
    manifest = Manifest.load(path)
    comparison = compare(git, apply_policy(git), manifest)
    outcome = check_gate(gate, manifest.sources(), git) if gate else None
    if args.json:
        say_json({**comparison.to_json(), "gate": outcome and outcome.to_json()})
    else:
        for line in [*_lines(comparison, path), *(_told(outcome) if outcome else ())]:
            say(line)
    return 0 if comparison.matches and (outcome is None or outcome.passed) else 1


def _gate(args: argparse.Namespace) -> Gate | None:
    if args.min_known is not None:
        return Gate(args.min_known, Strength(args.min_strength or "weak"), args.since)
    if args.min_strength or args.since:
        msg = "--min-strength and --since say of what --min-known is a share; give that too"
        raise UsageError(msg)
    return None


def _default(folder: Path, root: Path) -> Path:
    beside = folder / FILE_NAME
    return beside if beside.is_file() else root / FILE_NAME


def _told(outcome: GateResult) -> Iterator[str]:
    gate = outcome.gate
    strong = "" if gate.strength is Strength.WEAK else f" by evidence of strength {gate.strength}"
    since = f" written since {gate.since}" if gate.since else ""
    if not outcome.lines:
        yield f"known    there is no line{since}"
        return
    share = percent(outcome.known, outcome.lines)
    yield (
        f"known    {outcome.known} of {counted(outcome.lines, 'line')}{since}{strong}: {share}, "
        f"{'and' if outcome.passed else 'but'} {100 * gate.minimum:g} % is asked for"
    )
    if not outcome.passed:
        yield "not enough is known; `aiprov stats --by evidence` says why, and what to do about it"


def _lines(comparison: Comparison, path: Path) -> Iterator[str]:
    if comparison.matches:
        files = counted(comparison.files, "file")
        yield f"{path} matches: {files}, commit {comparison.head[:12]}"
        return
    if comparison.built_from != comparison.head:
        built_from = (comparison.built_from or "no commit")[:12]
        yield f"commit   built from {built_from}, and {comparison.head[:12]} is checked out"
    if comparison.policy:
        keys = ", ".join(comparison.policy)
        yield f"policy   says something else than when it was built: {keys}"
    if comparison.records:
        yield f"records  are others than when it was built: {', '.join(comparison.records)}"
    for state in ("changed", "missing", "new"):
        for name in getattr(comparison, state):
            yield f"{state:8} {name}"
    yield f"{path} does not match; run `aiprov build` again"
