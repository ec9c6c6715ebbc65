"""Alert rules for Grafana's provisioning, over what Prometheus records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from dashboards.alerts import GRAFANA, Alert

_PROMETHEUS: Final = "aiprov-prometheus"
_EXPRESSION: Final = "__expr__"
_HEAD: Final = f"""\
# Below provisioning/alerting/ of Grafana (JSON, which is YAML too). It evaluates what
# prometheus/aiprov-requests.rules.yml and aiprov-functions.rules.yml record, over the data source
# with the uid {_PROMETHEUS}. The same alerts are in prometheus/aiprov-alerts.rules.yml: load one.
"""


def rules(alerts: Iterable[Alert]) -> str:
    """Returns the file with *alerts*."""
    group = {
        "orgId": 1,
        "name": "aiprov",
        "folder": "Code origin",
        "interval": "1m",
        "rules": [_rule(alert) for alert in alerts],
    }
    return _HEAD + json.dumps({"apiVersion": 1, "groups": [group]}, indent=2) + "\n"


def _rule(alert: Alert) -> dict[str, Any]:
    return {
        "uid": re.sub(r"(?<!^)(?=[A-Z])", "-", alert.name).lower(),
        "title": alert.name,
        "condition": "C",
        "data": [_query(alert), _above_zero()],
        "for": alert.wait,
        # The query returns nothing while all is well.
        "noDataState": "OK",
        "execErrState": "Error",
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": _template(alert.summary),
            "description": _template("\n".join(alert.description)),
            **{
                name: "{{ externalURL }}" + path.removeprefix("/")  # it ends in one
                for name, (backend, path) in alert.links.items()
                if backend == GRAFANA
            },
        },
    }


def _query(alert: Alert) -> dict[str, Any]:
    query = {"refId": "A", "expr": alert.expression, "instant": True, "range": False}
    return _data("A", _PROMETHEUS, query)


def _above_zero() -> dict[str, Any]:
    above_zero = {"evaluator": {"type": "gt", "params": [0]}}
    threshold = {"type": "threshold", "expression": "A", "conditions": [above_zero]}
    return _data("C", _EXPRESSION, {"refId": "C", **threshold})


def _data(name: str, uid: str, model: dict[str, Any]) -> dict[str, Any]:
    return {
        "refId": name,
        "relativeTimeRange": {"from": 600, "to": 0},
        "datasourceUid": uid,
        "model": model,
    }


def _template(template: str) -> str:
    """Rewrites *template* for Grafana, where `$value` is the text of all queries."""
    return template.replace("$value", "$values.A.Value")
