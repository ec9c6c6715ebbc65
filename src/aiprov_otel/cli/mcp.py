"""`aiprov mcp`: the same answers for bots and coding agents, over stdio."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiprov_otel.cli.options import address
from aiprov_otel.history.git.repository import Git
from aiprov_otel.mcp_server.server import make_server


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "mcp",
        description="Serve the Model Context Protocol on standard input and output: explain a "
        "line, annotate a stack trace, errors by line and by commit, the report, the review of "
        "the work tree. It only reads. It needs the extra `mcp`.",
        epilog="example: claude mcp add aiprov -- aiprov mcp",
    )
    parser.add_argument(
        "--from",
        dest="address",
        type=address,
        metavar="SOURCE",
        help="where errors are, as for `aiprov review`; default: the local store",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answer until the client closes standard input."""
    make_server(Git.open(Path()).root, args.address).run("stdio")
    return 0
