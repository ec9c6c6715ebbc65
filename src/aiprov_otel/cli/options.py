"""The arguments that several verbs on the history have."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiprov_otel.history.moves import Moves


def add_moves(parser: argparse.ArgumentParser) -> None:
    """Add -M and -C, as git blame has them; `moves` is None where neither is given."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "-M",
        dest="moves",
        action="store_const",
        const=Moves.WITHIN_FILES,
        help="follow lines that were moved within a file",
    )
    either.add_argument(
        "-C",
        dest="moves",
        action="store_const",
        const=Moves.BETWEEN_FILES,
        help="follow lines that were moved or copied from another file of the same commit, too",
    )


def add_paths(parser: argparse.ArgumentParser) -> None:
    """Add PATH …; `paths` is empty where none is given."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=Path,
        help="only what is below it; default: all of the repository",
    )


def add_manifest(parser: argparse.ArgumentParser) -> None:
    """Add --manifest; `manifest` is None where it is not given."""
    parser.add_argument("--manifest", type=Path, help="ask this manifest, and not git")
