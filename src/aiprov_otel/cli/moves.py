"""The options -M and -C, as git blame has them."""

from __future__ import annotations

import argparse

from aiprov_otel.history.policy import Moves


def add_moves(parser: argparse.ArgumentParser) -> None:
    """Add the options; `moves` is None where neither is given."""
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
