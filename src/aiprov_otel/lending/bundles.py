"""Files and folders that bring packages of their own, and make all others invisible."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final

_MARKS: Final = {"PEX-INFO": "pex", "_bootstrap/environment.py": "shiv"}


def why_bundled(path: Path) -> str | None:
    """Why *path* can't see what is lent, and what to do; None if it can."""
    members = _members(path)
    kind = next((kind for mark, kind in _MARKS.items() if mark in members), None)
    return kind and (
        f"{path} is a {kind}, which sees no package but its own: put 'aiprov-otel[auto]' into it, "
        "or run CMD in the environment that it is built from"
    )


def _members(path: Path) -> set[str]:
    """The files of an archive, or the marks in the folder that *path* is, or is in."""
    if path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    folder = path if path.is_dir() else path.parent
    return {mark for mark in _MARKS if (folder / mark).is_file()}
