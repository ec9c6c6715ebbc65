"""The folder `.aiprov/` of the working directory, with the store and the deployed manifest."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from aiprov_otel.errors import ManifestNotFound, StoreError
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.manifest.locate import FOLDER, hidden_folder, manifest_above, named_manifest

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
    for path in (named_manifest(), MANIFEST, manifest_above(Path.cwd())):
        with suppress(ManifestNotFound):
            if path:
                return Manifest.load(path)
    return None
