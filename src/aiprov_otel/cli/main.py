"""Dispatch, and the one error boundary."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Final, NoReturn

import aiprov_otel
from aiprov_otel.cli import ending
from aiprov_otel.errors import AiprovError

VERBS: Final = (
    "build", "check", "blame", "explain", "stats", "traceback", "run", "serve", "report", "demo",
)  # fmt: skip

DONE: Final = 0
NO: Final = 1
WRONG_USE: Final = 2
BUG: Final = 3
SIGNALLED: Final = 128  # and the number of the signal, as a shell says it


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one verb; *arguments* are those of the process by default.

    Returns the exit status: 0 done, 1 the answer is no, 2 wrong use or something to mend, 3 a bug,
    130 or 143 interrupted or terminated.
    """
    with ending.in_order() as signalled:
        try:
            return _verb(arguments)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (the boundary)
            if signalled.number is None and not isinstance(error, KeyboardInterrupt):
                return _failed(error)
            number = signalled.number or signal.SIGINT
            return _say(SIGNALLED + number, "aiprov: interrupted; nothing is half-written")


def _verb(arguments: Sequence[str] | None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    named = [name for name in VERBS if name in arguments[:1]]
    args = _parser(named or VERBS).parse_args(arguments)
    status: int = args.run(args)
    sys.stdout.flush()
    return status


def _failed(error: Exception) -> int:
    if isinstance(error, AiprovError):
        return _say(WRONG_USE, f"aiprov: {error}")
    if isinstance(error, BrokenPipeError):
        # Whoever read our output left (`aiprov blame … | head`): the flush at exit must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    traceback.print_exception(error)
    return _say(BUG, f"aiprov {aiprov_otel.__version__}: this is a bug; please report the above")


def entry() -> NoReturn:
    """The command `aiprov`."""
    sys.exit(main())


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    """Understands the verbs *names*: importing the others takes longer than many an answer."""
    parser = argparse.ArgumentParser(
        prog="aiprov",
        description="Who wrote the code that failed: a person or a model, and in which commit.",
        epilog="example: aiprov run -- uvicorn shop.app:app",
    )
    parser.add_argument("--version", action="version", version=f"aiprov {aiprov_otel.__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for name in names:
        importlib.import_module(f"aiprov_otel.cli.{name}").add(verbs)
    return parser


def _say(status: int, line: str) -> int:
    print(line, file=sys.stderr)
    return status
