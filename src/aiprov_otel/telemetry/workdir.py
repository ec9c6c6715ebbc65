"""The folder `.aiprov/` of the working directory, where a laptop keeps what it received."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiprov_otel.errors import StoreError
from aiprov_otel.manifest import FILE_NAME
from aiprov_otel.manifest.locate import FOLDER, hidden_folder

STORE: Final = Path(FOLDER, "telemetry.duckdb")
MANIFEST: Final = Path(FOLDER, FILE_NAME)


def make_folder(root: Path) -> Path:
    """
    The folder `.aiprov/` in *root*, made if need be, which git does not see.

    Raises:
        StoreError: it can't be made.
    """
    try:
        return hidden_folder(root)
    except OSError as error:
        msg = (
            f"can't make {root / FOLDER}: {error.strerror or error}; "
            "run this in a folder that you may write to, or use --store"
        )
        raise StoreError(msg) from error
