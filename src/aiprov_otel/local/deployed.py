"""The manifest that a service on this machine probably ran with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aiprov_otel import settings
from aiprov_otel.errors import ManifestNotFound
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.telemetry.workdir import MANIFEST


def deployed() -> Manifest | None:
    """
    That of the environment, else of `.aiprov/`, else one beside or above the working directory.

    Raises:
        ManifestError: there is one, and it can't be read.
    """
    for path in _places():
        try:
            return Manifest.load(path)
        except ManifestNotFound:
            continue
    return None


def _places() -> Iterator[Path]:
    if said := settings.read().manifest:
        yield Path(said)
    yield MANIFEST
    yield from (folder / FILE_NAME for folder in (Path.cwd(), *Path.cwd().parents))
