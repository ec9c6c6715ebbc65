"""`aiprov check`: does the manifest match the tree?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from aiprov_otel.cli.plain import counted, say, say_json
from aiprov_otel.history.compare import Comparison, compare
from aiprov_otel.history.git import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.manifest import FILE_NAME, Manifest


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "check",
        help="does the manifest match the tree?",
        description="Compare the manifest with the work tree. Status 0: it matches; 1: it doesn't.",
        epilog="example: aiprov check --manifest dist/aiprov.manifest",
    )
    parser.add_argument("path", nargs="?", type=Path, default=Path(), help="in the repository")
    parser.add_argument("--manifest", type=Path, help="default: aiprov.manifest in its root")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare, and print each difference."""
    git = Git.open(args.path)
    path = args.manifest or git.root / FILE_NAME
    comparison = compare(git, Policy.load(git.root), Manifest.load(path))
    if args.json:
        say_json(comparison.to_json())
    else:
        for line in _lines(comparison, path):
            say(line)
    return 0 if comparison.matches else 1


def _lines(comparison: Comparison, path: Path) -> Iterator[str]:
    if comparison.matches:
        files = counted(comparison.files, "file")
        yield f"{path} matches: {files}, commit {comparison.head[:12]}"
        return
    if comparison.built_from != comparison.head:
        built_from = (comparison.built_from or "no commit")[:12]
        yield f"commit   built from {built_from}, and {comparison.head[:12]} is checked out"
    if comparison.policy_changed:
        yield "policy   [tool.aiprov] says something else than when it was built"
    for state in ("changed", "missing", "new"):
        for name in getattr(comparison, state):
            yield f"{state:8} {name}"
    yield f"{path} does not match; run `aiprov build` again"
