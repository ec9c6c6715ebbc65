"""
Writes what `aiprov completion` prints, from the parsers of all verbs.

    python scripts/completions.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import shtab

from aiprov_otel.cli.completion import SHELLS
from aiprov_otel.cli.main import VERBS, make_parser

FOLDER = Path(__file__).parents[1] / "src" / "aiprov_otel" / "cli" / "completions"


def main(folder: Path) -> None:
    """Writes a file per shell to *folder*."""
    for shell in SHELLS:
        script = shtab.complete(make_parser(list(VERBS)), shell)
        lines = (line.rstrip() for line in script.splitlines())
        folder.joinpath(f"aiprov.{shell}").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
