"""The alerts that are shipped, as Prometheus loads them."""

from __future__ import annotations

from typing import Any, Final

import yaml

from aiprov_otel.backends import texts

ALERTS: Final[dict[str, dict[str, Any]]] = {
    rule["alert"]: rule
    for group in yaml.safe_load(texts()["prometheus/aiprov-alerts.rules.yml"])["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
"""Each rule by its name."""
