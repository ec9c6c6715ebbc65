"""`aiprov dashboards`: writes the files that a backend imports into a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiprov_otel.backends import texts
from aiprov_otel.cli.output import say
from aiprov_otel.errors import UsageError
from aiprov_otel.files import make_folder, write_whole


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "dashboards",
        description="Write dashboards, rules, queries and configuration by code origin, one "
        "subfolder per backend, with a README.md that explains where each file belongs.",
        epilog="example: aiprov dashboards ./observability",
    )
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="where to write; created if missing"
    )
    parser.add_argument("--force", action="store_true", help="replace files that differ")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files that are missing or equal, or nothing at all."""
    wanted = {args.folder / name: text for name, text in texts().items()}
    different = [path for path, text in wanted.items() if _differs(path, text)]
    if different and not args.force:
        raise UsageError(_refusal(different))
    for path, text in wanted.items():
        make_folder(path.parent)
        write_whole(path, text.encode(), 0o644)
    say(f"wrote {len(wanted)} files; {args.folder / 'README.md'} explains where each belongs")
    return 0


def _differs(path: Path, text: str) -> bool:
    return path.exists() and (not path.is_file() or path.read_bytes() != text.encode())


def _refusal(different: list[Path]) -> str:
    more = f" and {len(different) - 1} more" if len(different) > 1 else ""
    return (
        f"{different[0]}{more} would be replaced; nothing was written. "
        "Name another folder to keep your changes, or replace them with --force"
    )
