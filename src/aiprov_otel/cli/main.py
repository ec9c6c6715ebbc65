"""Dispatch, and the one error boundary."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final, NoReturn

import aiprov_otel
from aiprov_otel.errors import AiprovError

VERBS: Final = ("build", "check", "blame", "explain", "stats", "run", "serve", "report", "demo")

DONE: Final = 0
NO: Final = 1
WRONG_USE: Final = 2
BUG: Final = 3
INTERRUPTED: Final = 130  # as a shell says it: 128 + SIGINT


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one verb; *arguments* are those of the process by default.

    Returns the exit status: 0 done, 1 the answer is no, 2 wrong use or something to mend, 3 a bug,
    130 interrupted.
    """
    try:
        args = _parser().parse_args(arguments)
        status: int = args.run(args)
        sys.stdout.flush()
    except AiprovError as error:
        return _say(WRONG_USE, f"aiprov: {error}")
    except KeyboardInterrupt:
        return _say(INTERRUPTED, "aiprov: interrupted; nothing is half-written")
    except BrokenPipeError:
        # Whoever read our output left (`aiprov blame … | head`): the flush at exit must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception:  # noqa: BLE001 (the boundary)
        traceback.print_exc()
        return _say(
            BUG, f"aiprov {aiprov_otel.__version__}: this is a bug; please report the above"
        )
    return status


def entry() -> NoReturn:
    """The command `aiprov`."""
    sys.exit(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aiprov",
        description="Who wrote the code that failed: a person or a model, and in which commit.",
        epilog="example: aiprov run -- uvicorn shop.app:app",
    )
    parser.add_argument("--version", action="version", version=f"aiprov {aiprov_otel.__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for name in VERBS:
        importlib.import_module(f"aiprov_otel.cli.{name}").add(verbs)
    return parser


def _say(status: int, line: str) -> int:
    print(line, file=sys.stderr)
    return status
