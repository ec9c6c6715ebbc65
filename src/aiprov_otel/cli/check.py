"""`aiprov check`: does the manifest match the tree, and is enough of it known?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from aiprov_otel.cli.output import say, say_json
from aiprov_otel.errors import UsageError
from aiprov_otel.format import percent, quantity, short_hash
from aiprov_otel.history.check import Comparison, Gate, GateResult, check_gate, compare
from aiprov_otel.history.effective_policy import apply_policy
from aiprov_otel.history.git.repository import Git
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.values import Strength


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "check",
        description="Compare the manifest with the work tree. With --min-known, also check that "
        "enough lines have a known origin. Exit status: 0 passed, 1 failed.",
        epilog="example: aiprov check --min-known 0.9 --min-strength commit --since origin/main",
    )
    parser.add_argument(
        "path",
        nargs="?",
        type=Path,
        default=Path(),
        help="a folder in the repository; default: the current one",
    )
    parser.add_argument(
        "--manifest", type=Path, help="default: aiprov.manifest in PATH, or in the root"
    )
    parser.add_argument(
        "--min-known",
        type=float,
        metavar="SHARE",
        help="the share of lines that must have a known origin, 0 to 1",
    )
    parser.add_argument(
        "--min-strength",
        choices=[strength.value for strength in reversed(Strength)],
        help="the weakest evidence that counts as known; default: weak, which is any",
    )
    parser.add_argument(
        "--since", metavar="REV", help="check only lines from commits that are not in REV"
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare, and print each difference."""
    gate = _gate(args)
    git = Git.open(args.path)
    path = args.manifest or _default(args.path, git.root)
    manifest = Manifest.load(path)
    comparison = compare(git, apply_policy(git), manifest)
    outcome = check_gate(gate, manifest.sources(), git) if gate else None
    if args.json:
        say_json({**comparison.to_json(), "gate": outcome and outcome.to_json()})
    else:
        for line in [*_lines(comparison, path), *(_gate_lines(outcome) if outcome else ())]:
            say(line)
    return 0 if comparison.matches and (outcome is None or outcome.passed) else 1


def _gate(args: argparse.Namespace) -> Gate | None:
    if args.min_known is not None:
        return Gate(args.min_known, Strength(args.min_strength or "weak"), args.since)
    if args.min_strength or args.since:
        msg = "--min-strength and --since need --min-known"
        raise UsageError(msg)
    return None


def _default(folder: Path, root: Path) -> Path:
    beside = folder / FILE_NAME
    return beside if beside.is_file() else root / FILE_NAME


def _gate_lines(outcome: GateResult) -> Iterator[str]:
    gate = outcome.gate
    strong = "" if gate.strength is Strength.WEAK else f" by {gate.strength} evidence"
    since = f" written since {gate.since}" if gate.since else ""
    if not outcome.lines:
        yield f"known    no lines{since} to check"
        return
    share = percent(outcome.known / outcome.lines)
    relation = "at least" if outcome.passed else "below"
    yield (
        f"known    {outcome.known:,} of {quantity(outcome.lines, 'line')}{since}{strong}: {share}, "
        f"{relation} the required {100 * gate.minimum:g}%"
    )
    if not outcome.passed:
        yield "too few lines are known; `aiprov stats --by evidence` shows why and what to do"


def _lines(comparison: Comparison, path: Path) -> Iterator[str]:
    if comparison.matches:
        files = quantity(comparison.files, "file")
        yield f"{path} matches: {files}, commit {short_hash(comparison.head)}"
        return
    if comparison.built_from != comparison.head:
        built_from = short_hash(comparison.built_from or "no commit")
        yield f"commit   built from {built_from}, but {short_hash(comparison.head)} is checked out"
    if comparison.policy:
        keys = ", ".join(comparison.policy)
        yield f"policy   changed since the build: {keys}"
    if comparison.records:
        yield f"records  changed since the build: {', '.join(comparison.records)}"
    for state in ("changed", "missing", "new"):
        for name in getattr(comparison, state):
            yield f"{state:8} {name}"
    yield f"{path} is out of date; run `aiprov build` again"
