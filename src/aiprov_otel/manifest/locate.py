"""Where a manifest lies: beside or above a folder, and in `.aiprov/` of a work tree."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from aiprov_otel.files import make_folder, read_regular, write_whole

FILE_NAME: Final = "aiprov.manifest"
FOLDER: Final = ".aiprov"
"""Holds what is kept on one machine: the cache of a build, the store, the manifest of a run."""


def find_manifest(folder: Path) -> Path | None:
    """The manifest in *folder*, or in the nearest folder above it."""
    start = folder.absolute()
    paths = (parent / FILE_NAME for parent in (start, *start.parents))
    # Not Path.is_file: it raises where a folder above may not be searched.
    return next((path for path in paths if os.path.isfile(path)), None)  # noqa: PTH113


def hidden_folder(root: Path) -> Path:
    """
    Makes `.aiprov/` in *root*, which git does not see, and returns it.

    Raises:
        OSError: it can't be made, or the repository has a link in its place.
    """
    folder = make_folder(root / FOLDER)
    ignore = folder / ".gitignore"
    try:
        content = read_regular(ignore)
    except FileNotFoundError:
        content = b""
    if not content:
        write_whole(ignore, b"*\n", 0o644)
    return folder
