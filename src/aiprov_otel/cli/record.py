"""`aiprov record`: what hooks call; `aiprov_otel.cli.entry` answers it without this module."""

from __future__ import annotations

import argparse

from aiprov_otel.capture.agents import AGENTS
from aiprov_otel.capture.record import main


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "record",
        description="Read one event from standard input, as the hooks of an agent get it, and "
        "record it. Prints nothing and always exits with 0.",
        epilog="example: aiprov record claude-code < event.json",
    )
    parser.add_argument("writer", metavar="WRITER", help=f"{', '.join(AGENTS)}, git or editor")
    parser.add_argument(
        "rest", nargs="*", metavar="ARG", help="a hook of git and its arguments, or a file"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Record it."""
    return main([args.writer, *args.rest])
