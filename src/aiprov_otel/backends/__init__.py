"""The files that backends import: dashboards, rules, queries and configuration, in `data/`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable


def texts() -> dict[str, str]:
    """Returns the text of each file, sorted by its path below `data/`."""
    return dict(sorted(_below(files(__package__).joinpath("data"), "")))


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_text(encoding="utf-8")
