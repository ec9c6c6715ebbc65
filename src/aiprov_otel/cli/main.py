"""Dispatches to the verbs; the one error boundary."""

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
from aiprov_otel.cli.output import escape, note
from aiprov_otel.errors import AiprovError, UsageError

VERBS: Final = (
    "build", "check", "blame", "explain", "stats", "traceback", "run", "serve", "report", "demo",
    "dashboards", "doctor", "init", "record",
)  # fmt: skip

DONE: Final = 0
WRONG_USE: Final = 2
BUG: Final = 3
SIGNALLED: Final = 128  # plus the number of the signal, as in a shell


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one verb; *arguments* are those of the process by default.

    Returns the exit status: 0 done, 1 the answer is no, 2 wrong use or something to fix, 3 a bug,
    130 or 143 interrupted or terminated.
    """
    with signals.in_order() as signalled:
        try:
            return _verb(arguments)
        except BaseException as error:  # anyio turns a KeyboardInterrupt into a group
            if signalled.number is None and not isinstance(error, KeyboardInterrupt):
                if isinstance(error, Exception):
                    return _report_error(error)
                raise
            signalled.over()
            number = signalled.number or signal.SIGINT
            note("interrupted; nothing is half-written")
            return SIGNALLED + number


def _verb(arguments: Sequence[str] | None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    named = [name for name in VERBS if name in arguments[:1]]
    args = _parser(named or VERBS).parse_args(arguments)
    status: int = args.run(args)
    sys.stdout.flush()
    return status


def _report_error(error: Exception) -> int:
    if isinstance(error, AiprovError):
        note(str(error))
        return WRONG_USE
    if isinstance(error, OSError):
        _abandon_output()
        if isinstance(error, BrokenPipeError):
            return DONE  # the reader left: `aiprov blame … | head`
        where = f"{error.filename}: " if error.filename else ""
        note(f"{where}{error.strerror or error}; fix that and try again")
        return WRONG_USE
    for line in "".join(traceback.format_exception(error)).splitlines():
        print(escape(line), file=sys.stderr)
    note(f"this is a bug in aiprov {aiprov_otel.__version__}; please report the lines above")
    return BUG


def _abandon_output() -> None:
    """Drop output that can't be written, so that the flush at exit doesn't fail."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def entry() -> NoReturn:
    """The command `aiprov`."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the parent process
            setattr(sys, name, Path(os.devnull).open("r+"))  # noqa: SIM115
    status = main()
    if status > SIGNALLED:
        # A thread that the signal caught at a bad moment must not keep the process alive, and
        # asyncio must not complain about a task that was abandoned.
        sys.stdout.flush()
        os._exit(status)
    sys.exit(status)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        """
        Reports what is wrong with the arguments, and where to read on.

        Raises:
            UsageError: always.
        """
        msg = f"{message}; see `{self.prog} --help`"
        raise UsageError(msg)


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    """A parser for the verbs *names* only: importing all of them is slower than most answers."""
    parser = Parser(
        prog=" ".join(["aiprov", *(names if len(names) == 1 else ())]),
        description="Show who wrote the code that failed: a person or a model, in which commit.",
        epilog="example: aiprov run -- uvicorn shop.app:app",
    )
    parser.add_argument("--version", action="version", version=f"aiprov {aiprov_otel.__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True, prog="aiprov")
    for name in names:
        importlib.import_module(f"aiprov_otel.cli.{name}").add(verbs)
    return parser
