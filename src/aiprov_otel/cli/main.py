"""Dispatch, and the one error boundary."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import aiprov_otel
from aiprov_otel.cli import signals
from aiprov_otel.errors import AiprovError, UsageError

VERBS: Final = (
    "build", "check", "blame", "explain", "stats", "traceback", "run", "serve", "report", "demo",
    "dashboards", "doctor",
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
    with signals.in_order() as signalled:
        try:
            return _verb(arguments)
        except BaseException as error:  # the boundary; of an interruption anyio makes a group
            if signalled.number is None and not isinstance(error, KeyboardInterrupt):
                if isinstance(error, Exception):
                    return _failed(error)
                raise
            signalled.over()
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
    if isinstance(error, OSError):
        _abandon_output()
        if isinstance(error, BrokenPipeError):
            return DONE  # whoever read our output left: `aiprov blame … | head`
        where = f"{error.filename}: " if error.filename else ""
        reason = f"{where}{error.strerror or error}"
        return _say(WRONG_USE, f"aiprov: {reason}; mend that and try again")
    traceback.print_exception(error)
    return _say(BUG, f"aiprov {aiprov_otel.__version__}: this is a bug; please report the above")


def _abandon_output() -> None:
    """If what was printed can't be written, let the flush at exit not fail over it."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def entry() -> NoReturn:
    """The command `aiprov`."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, Path(os.devnull).open("r+"))  # noqa: SIM115
    status = main()
    if status > SIGNALLED:
        # A thread that the signal caught at a bad moment must not keep the process alive, nor
        # asyncio complain of a task that nobody waits for any more.
        sys.stdout.flush()
        os._exit(status)
    sys.exit(status)


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, as every error is said."""

    def error(self, message: str) -> NoReturn:
        """
        Say what is wrong, and where to read on.

        Raises:
            UsageError: always.
        """
        msg = f"{message}; see `{self.prog} --help`"
        raise UsageError(msg)


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    """Understands the verbs *names*: importing the others takes longer than many an answer."""
    parser = Parser(
        prog=" ".join(["aiprov", *(names if len(names) == 1 else ())]),
        description="Who wrote the code that failed: a person or a model, and in which commit.",
        epilog="example: aiprov run -- uvicorn shop.app:app",
    )
    parser.add_argument("--version", action="version", version=f"aiprov {aiprov_otel.__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True, prog="aiprov")
    for name in names:
        importlib.import_module(f"aiprov_otel.cli.{name}").add(verbs)
    return parser


def _say(status: int, line: str) -> int:
    print(line, file=sys.stderr)
    return status
