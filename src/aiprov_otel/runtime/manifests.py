"""Where the service finds its manifests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from aiprov_otel import settings
from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.runtime.guard import warn


def find() -> list[Manifest]:
    """
    The application's manifest and those of installed packages, in that order.

    One that can't be read is left out with one warning; under `AIPROV_STRICT` it raises
    ManifestError.
    """
    found = [manifest for path in _paths() if (manifest := _load(path))]
    if not found:
        warn("manifest-missing", f"No {FILE_NAME} was found; write one with `aiprov build`")
    return found


def _paths() -> Iterator[Path]:
    application = settings.read().manifest
    yield from [Path(application)] if application else _beside_or_above(Path.cwd())
    yield from _installed()


def _beside_or_above(folder: Path) -> list[Path]:
    candidates = (parent / FILE_NAME for parent in (folder, *folder.parents))
    return [path for path in candidates if path.is_file()][:1]


def _installed() -> Iterator[Path]:
    """Manifests that packages ship in their `*.dist-info`, beside the licence files."""
    for folder in dict.fromkeys(sys.path):
        if os.path.basename(folder) in {"site-packages", "dist-packages"}:
            yield from sorted(Path(folder).glob(f"*.dist-info/{FILE_NAME}"))


def _load(path: Path) -> Manifest | None:
    try:
        return Manifest.load(path)
    except ManifestError as error:
        if settings.read().strict:
            raise
        warn("manifest-unreadable", f"{error}; provenance is unknown until then", about=path)
        return None
