"""Dispatches to the verbs; the one error boundary."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import aiprov_otel
from aiprov_otel import garbage_collection
from aiprov_otel.cli import signals
from aiprov_otel.cli.output import note
from aiprov_otel.errors import AiprovError, UsageError
from aiprov_otel.format import escape

VERBS: Final = {
    "build": "write the manifest: the origin of each line, from git",
    "check": "does the manifest match the tree, and is enough known?",
    "blame": "every line of a file with its origin",
    "explain": "why a line has its origin: commit, evidence, policy",
    "stats": "shares of the lines by origin, agent, model, package",
    "traceback": "a pasted stack trace, each frame with its origin",
    "run": "run a command with code origin on its traces, and report",
    "serve": "receive traces over OTLP and store them on this machine",
    "report": "report errors and latency by code origin",
    "demo": "try everything on a small shop, in one command",
    "dashboards": "write dashboards, rules and configuration for your backends",
    "doctor": "check a service's setup, and list what is missing",
    "review": "a change: AI-written, untested, failing",
    "attest": "origins as an in-toto statement",
    "mcp": "the same answers for bots and agents",
    "completion": "complete the command line in a shell",
    "init": "record from now on which lines agents write, in git notes",
    "record": "record an event of an agent, of git or of an editor (for hooks)",
}
"""What each verb does, for the list of them."""

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
    first = next((word for word in arguments if word != "--"), None)
    with garbage_collection.paused():  # it takes a seventh of the time of `aiprov explain`
        parser = make_parser([first] if first in VERBS else [])
    args = parser.parse_args(arguments)
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
    import traceback  # no verb needs it but for a bug

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


class _Version(argparse.Action):
    """Prints the version; to read it takes as long as the rest of `aiprov --help`."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print it and end."""
        print(f"aiprov {aiprov_otel.__version__}")
        parser.exit()


class _Verbs(argparse._SubParsersAction):  # type: ignore[type-arg]  # noqa: SLF001 (it has no public name)
    """The verbs, each with its summary."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        """Add the parser of one verb."""
        parser: argparse.ArgumentParser = super().add_parser(name, help=VERBS[name], **options)
        return parser


def make_parser(names: Sequence[str]) -> argparse.ArgumentParser:
    """A parser of the verbs *names*; by default, of the list of verbs, which imports none."""
    parser = Parser(
        prog=f"aiprov {names[0]}" if len(names) == 1 else "aiprov",
        description="Show who wrote the code that failed: a person or a model, in which commit.",
        epilog="example: aiprov run -- uvicorn shop.app:app",
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="show program's version number and exit"
    )
    verbs = parser.add_subparsers(
        title="verbs", metavar="VERB", required=True, prog="aiprov", action=_Verbs
    )
    for name in names:
        importlib.import_module(f"aiprov_otel.cli.{name}").add(verbs)
    if not names:
        for name in VERBS:
            verbs.add_parser(name)
    return parser
