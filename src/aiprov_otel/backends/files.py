"""Every file that a backend imports, as text."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable


def texts() -> dict[str, str]:
    """The texts of all files, by their paths below the folder that they are written to; sorted."""
    return dict(sorted(_below(files("aiprov_otel.backends").joinpath("data"), "")))


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_text(encoding="utf-8")
