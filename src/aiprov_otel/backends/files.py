"""Every file that a backend imports, as text."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiprov_otel.backends.alerts import ALERTS
from aiprov_otel.backends.grafana import files as grafana
from aiprov_otel.backends.rules import rules


def texts() -> dict[str, str]:
    """The texts of all files, by their paths below the folder that they are written to; sorted."""
    made = grafana.texts() | {"prometheus/aiprov-alerts.rules.yml": rules(ALERTS)}
    return dict(sorted({**made, **dict(_below(files(__package__).joinpath("data"), ""))}.items()))


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_text(encoding="utf-8")
