"""A module per dashboard."""

from __future__ import annotations

from typing import Final

from dashboards.grafana.boards.commits import COMMITS
from dashboards.grafana.boards.exceptions import EXCEPTIONS
from dashboards.grafana.boards.functions import FUNCTIONS
from dashboards.grafana.boards.models import MODELS
from dashboards.grafana.boards.overview import OVERVIEWS
from dashboards.grafana.boards.routes import ROUTES
from dashboards.grafana.boards.service import SERVICES

BOARDS: Final = (*OVERVIEWS, *ROUTES, *MODELS, *SERVICES, FUNCTIONS, EXCEPTIONS, COMMITS)
