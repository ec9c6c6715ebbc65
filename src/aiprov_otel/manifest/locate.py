"""The folder `.aiprov/` of a work tree, for what is kept on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = ".aiprov"


def hidden_folder(root: Path) -> Path:
    """
    The folder in *root*, made if need be, which git does not see.

    Raises:
        OSError: it can't be made.
    """
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    # One without a byte is what an interruption or a full disk has left.
    if not ignore.exists() or not ignore.stat().st_size:
        ignore.write_text("*\n")
    return folder
