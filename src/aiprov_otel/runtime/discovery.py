"""Finds the manifests of the service."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aiprov_otel import settings
from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.manifest.locate import manifest_above, named_manifest
from aiprov_otel.runtime.guard import warn

unreadable: Final[dict[Path, str]] = {}
"""The manifests that could not be read, and why."""


def find() -> list[Manifest]:
    """
    The application's manifest and those of installed packages, in that order.

    One that can't be read is left out with one warning; under `AIPROV_STRICT` it raises
    ManifestError.
    """
    paths = [*_application(), *_installed()]
    if not paths:
        warn("manifest-missing", f"No {FILE_NAME} was found; write one with `aiprov build`")
    return [manifest for path in paths if (manifest := _load(path))]


def application() -> Manifest | None:
    """The application's own manifest, if there is one that can be read."""
    return next((manifest for path in _application() if (manifest := _load(path))), None)


def _application() -> list[Path]:
    if named := named_manifest():
        return [named]
    try:
        path = manifest_above(Path.cwd())
    except OSError:  # the working directory was removed
        return []
    if path is None:
        return []
    if _is_open_to_others(path):
        warn(
            "manifest-unreadable",
            f"{path} was found where other users may write; "
            "set AIPROV_MANIFEST to its path to use it, or change the permissions",
            about=path,
        )
        return []
    return [path]


def _is_open_to_others(path: Path) -> bool:
    """Whether every user of this machine may write *path*, or replace it."""
    if os.name != "posix":
        return False
    try:
        file, folder = path.stat(), path.parent.stat()
    except OSError:
        return True
    # In a folder like /tmp, each user may only replace the files of that user.
    is_kept = bool(folder.st_mode & stat.S_ISVTX) and file.st_uid in {0, os.geteuid()}
    return bool(file.st_mode & stat.S_IWOTH or (folder.st_mode & stat.S_IWOTH and not is_kept))


def _installed() -> Iterator[Path]:
    """Manifests that packages ship in their `*.dist-info`, where the build hooks put them."""
    for folder in dict.fromkeys(filter(_is_text, sys.path)):
        if os.path.basename(folder) in {"site-packages", "dist-packages"}:
            for place in ("", "extra_metadata/"):  # where a build backend can put it
                yield from sorted(Path(folder).glob(f"*.dist-info/{place}{FILE_NAME}"))


def _is_text(entry: object) -> bool:
    """Whether *entry* is what `sys.path` should hold; anything may be put there."""
    return isinstance(entry, str)


def _load(path: Path) -> Manifest | None:
    try:
        return Manifest.load(path)
    except ManifestError as error:
        unreadable[path] = str(error)
        if settings.read().strict:
            raise
        warn("manifest-unreadable", f"{error}; its files are unknown until then", about=path)
        return None
