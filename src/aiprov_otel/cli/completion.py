"""`aiprov completion`: completes the command line in a shell."""

from __future__ import annotations

import argparse
import sys
from importlib import resources
from typing import Final

SHELLS: Final = ("bash", "zsh", "fish")


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "completion",
        description="Print the script that completes `aiprov` in a shell.",
        epilog='example: eval "$(aiprov completion bash)"',
    )
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    script = resources.files("aiprov_otel.cli").joinpath("completions", f"aiprov.{args.shell}")
    sys.stdout.write(script.read_text("utf-8"))
    return 0
