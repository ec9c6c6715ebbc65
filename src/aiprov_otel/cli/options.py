"""The arguments that several verbs share."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiprov_otel.history.policy_schema import Moves
from aiprov_otel.values import MOST_DAYS


def add_moves(parser: argparse.ArgumentParser) -> None:
    """Add -M and -C, as in git blame; `moves` is None where neither is given."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "-M",
        dest="moves",
        action="store_const",
        const=Moves.WITHIN_FILES,
        help="follow lines that moved within a file",
    )
    either.add_argument(
        "-C",
        dest="moves",
        action="store_const",
        const=Moves.BETWEEN_FILES,
        help="also follow lines moved or copied from files changed in the same commit",
    )


def add_paths(parser: argparse.ArgumentParser) -> None:
    """Add PATH …; `paths` is empty where none is given."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=Path,
        help="only files below PATH; default: the whole repository",
    )


def add_remote(parser: argparse.ArgumentParser) -> None:
    """Add --remote."""
    parser.add_argument(
        "--remote",
        action="store_true",
        help="let git fetch what this clone lacks from the remote; by default it does not",
    )


def add_manifest(parser: argparse.ArgumentParser) -> None:
    """Add --manifest; `manifest` is None where it is not given."""
    parser.add_argument("--manifest", type=Path, help="read this manifest instead of git")


def limit(text: str) -> float:
    """
    *text* as a number of days or GiB.

    Raises:
        ArgumentTypeError: it is not a number above 0 and up to 100,000.
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= MOST_DAYS:  # of GiB, no more are needed
        msg = f"{text!r} is not a valid limit: use a number above 0, up to {MOST_DAYS:,}"
        raise argparse.ArgumentTypeError(msg)
    return number


def address(text: str) -> str:
    """
    *text*, if it can be the address of a machine, or of something on one.

    Raises:
        ArgumentTypeError: it can't be parsed, or has characters that no address has.
    """
    from urllib.parse import urlsplit  # few verbs have an address

    try:
        urlsplit(text)
        text.encode("idna" if "/" not in text else "utf-8")
    except ValueError as error:
        msg = f"{text!r} is not a valid address; give HOST, HOST:PORT or a whole URL"
        raise argparse.ArgumentTypeError(msg) from error
    return text


def store_path(text: str) -> Path:
    """
    *text* as the path of a store.

    Raises:
        ArgumentTypeError: it is not UTF-8, which DuckDB needs.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        msg = f"{text!r} is not UTF-8; use another name for the store"
        raise argparse.ArgumentTypeError(msg) from error
    return Path(text)
