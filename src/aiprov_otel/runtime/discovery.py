"""Where the service finds its manifests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aiprov_otel import settings
from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.manifest.locate import find_manifest
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
    if named := settings.read().manifest:
        return [Path(named)]
    try:
        path = find_manifest(Path.cwd())
    except OSError:  # the folder was removed
        return []
    return [path] if path else []


def _installed() -> Iterator[Path]:
    """Manifests that packages ship in their `*.dist-info`, as the hooks of back ends put them."""
    for folder in dict.fromkeys(sys.path):
        if os.path.basename(folder) in {"site-packages", "dist-packages"}:
            for place in ("", "extra_metadata/"):  # where a build backend can put it
                yield from sorted(Path(folder).glob(f"*.dist-info/{place}{FILE_NAME}"))


def _load(path: Path) -> Manifest | None:
    try:
        return Manifest.load(path)
    except ManifestError as error:
        unreadable[path] = str(error)
        if settings.read().strict:
            raise
        warn("manifest-unreadable", f"{error}; provenance is unknown until then", about=path)
        return None
