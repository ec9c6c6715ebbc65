"""`aiprov dashboards`: the files that a backend imports, written into a folder."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from aiprov_otel.backends import texts
from aiprov_otel.cli.output import say
from aiprov_otel.errors import UsageError
from aiprov_otel.files import make_folder, write_whole


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "dashboards",
        help="write the files that your backends import",
        description="Write dashboards, rules, queries and configuration by code origin, one "
        "subfolder a backend, with a README.md that says where each belongs.",
        epilog="example: aiprov dashboards ./observability",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="made where it is missing")
    parser.add_argument(
        "--force", action="store_true", help="replace files that say something else"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write what is not there yet, or nothing at all."""
    wanted = {args.folder / name: text for name, text in texts().items()}
    others = [path for path, text in wanted.items() if _says_otherwise(path, text)]
    if others and not args.force:
        raise UsageError(_refusal(others))
    _write(wanted)
    say(f"wrote {len(wanted)} files; {args.folder / 'README.md'} says where each belongs")
    return 0


def _says_otherwise(path: Path, text: str) -> bool:
    return path.exists() and (not path.is_file() or path.read_bytes() != text.encode())


def _refusal(others: list[Path]) -> str:
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    return (
        f"{others[0]}{more} would be replaced, and nothing was written; "
        "keep what you changed and name another folder, or replace it with --force"
    )


def _write(wanted: Mapping[Path, str]) -> None:
    for path, text in wanted.items():
        make_folder(path.parent)
        write_whole(path, text.encode(), 0o644)
