"""
Write the dashboards and alerts that `aiprov dashboards` copies.

    python -m dashboards FOLDER

`make dashboards` writes them into src/aiprov_otel/backends/data, beside the files that are kept
by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dashboards import prometheus_alerts
from dashboards.alerts import ALERTS
from dashboards.grafana import alerting
from dashboards.grafana.boards import BOARDS


def generate() -> dict[str, str]:
    """Returns the text of each file, by its path below the folder."""
    return {
        **{f"grafana/{board.uid}.json": board.text() for board in BOARDS},
        "grafana/provisioning/alerting/aiprov.yaml": alerting.rules(ALERTS),
        "prometheus/aiprov-alerts.rules.yml": prometheus_alerts.rules(ALERTS),
    }


def main(folder: Path) -> None:
    """Write them into *folder*."""
    for name, text in generate().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
