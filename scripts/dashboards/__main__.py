"""Every file that Grafana reads, as text."""

from __future__ import annotations

from typing import Final

from aiprov_otel.backends.alerts import ALERTS
from aiprov_otel.backends.grafana.alerting import rules
from aiprov_otel.backends.grafana.commits import COMMITS
from aiprov_otel.backends.grafana.exceptions import EXCEPTIONS
from aiprov_otel.backends.grafana.functions import FUNCTIONS
from aiprov_otel.backends.grafana.models import MODELS
from aiprov_otel.backends.grafana.overview import OVERVIEWS
from aiprov_otel.backends.grafana.routes import ROUTES
from aiprov_otel.backends.grafana.service import SERVICES

_BOARDS: Final = (*OVERVIEWS, *ROUTES, *MODELS, *SERVICES, FUNCTIONS, EXCEPTIONS, COMMITS)


def texts() -> dict[str, str]:
    """The texts by their paths, of dashboards and of alerts."""
    boards = {f"grafana/{one.uid}.json": one.text() for one in _BOARDS}
    return boards | {"grafana/provisioning/alerting/aiprov.yaml": rules(ALERTS)}
