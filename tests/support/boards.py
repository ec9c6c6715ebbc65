"""The dashboards that are shipped, as Grafana reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aiprov_otel.backends import texts


def boards() -> dict[str, dict[str, Any]]:
    """All of them, by the path of the file."""
    return {
        name: json.loads(text)
        for name, text in texts().items()
        if name.startswith("grafana/") and name.endswith(".json")
    }


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The panels of *board*, those in a folded row too, without the headings of rows."""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", ())
