"""Where a manifest is found, and the folder `.aiprov/` for what is kept on one machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from aiprov_otel import settings
from aiprov_otel.files import make_folder, read_regular, write_whole

FILE_NAME: Final = "aiprov.manifest"
FOLDER: Final = ".aiprov"
"""Holds what is kept on one machine: the cache of a build, the store, the manifest of a run."""


def named_manifest() -> Path | None:
    """The path in `AIPROV_MANIFEST`; None if it is not set."""
    name = settings.read().manifest
    return Path(name) if name else None


def manifest_above(folder: Path) -> Path | None:
    """The `aiprov.manifest` in *folder*, or in the nearest folder above; None if there is none."""
    folder = folder.absolute()
    paths = (parent / FILE_NAME for parent in (folder, *folder.parents))
    # Not Path.is_file: before Python 3.13 it raises if a folder above is not searchable.
    return next((path for path in paths if os.path.isfile(path)), None)  # noqa: PTH113


def hidden_folder(root: Path) -> Path:
    """
    Returns the folder `.aiprov/` in *root*, created if missing; git ignores what is in it.

    Raises:
        OSError: it can't be created, or the repository has a link in its place.
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
