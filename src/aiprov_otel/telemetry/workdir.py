"""The folder `.aiprov/` of the working directory, with the store and the deployed manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aiprov_otel import settings
from aiprov_otel.errors import ManifestNotFound, StoreError
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.manifest.locate import FOLDER, hidden_folder

STORE: Final = Path(FOLDER, "telemetry.duckdb")
MANIFEST: Final = Path(FOLDER, FILE_NAME)


def make_folder(root: Path) -> Path:
    """
    Returns the folder `.aiprov/` in *root*, which git ignores; creates it if it is missing.

    Raises:
        StoreError: it can't be created.
    """
    try:
        return hidden_folder(root)
    except OSError as error:
        msg = (
            f"can't create {root / FOLDER}: {error.strerror or error}; "
            "run this in a folder that you may write to, or use --store"
        )
        raise StoreError(msg) from error


def deployed_manifest() -> Manifest | None:
    """
    Returns the manifest that the report annotates stacks with; None if there is none.

    It is that of the environment, else of `.aiprov/`, else one beside or above the working
    directory.

    Raises:
        ManifestError: the first one can't be read.
    """
    for path in _places():
        try:
            return Manifest.load(path)
        except ManifestNotFound:
            continue
    return None


def _places() -> Iterator[Path]:
    if path := settings.read().manifest:
        yield Path(path)
    yield MANIFEST
    yield from (folder / FILE_NAME for folder in (Path.cwd(), *Path.cwd().parents))
