"""The alerts as Grafana provisions them, over what Prometheus recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from aiprov_otel.backends.alerts import GRAFANA, Alert

_PROMETHEUS: Final = "aiprov-prometheus"
_EXPRESSION: Final = "__expr__"
_HEAD: Final = f"""\
# Below provisioning/alerting/ of Grafana (JSON, which is YAML too). It evaluates what
# prometheus/aiprov-requests.rules.yml and aiprov-functions.rules.yml record, over the data source
# with the uid {_PROMETHEUS}. The same alerts are in prometheus/aiprov-alerts.rules.yml: load one.
"""


def rules(alerts: Iterable[Alert]) -> str:
    """The file that has *alerts*."""
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
        "data": [_query(alert), _is_there()],
        "for": alert.wait,
        # Nothing is what the query returns as long as all is well.
        "noDataState": "OK",
        "execErrState": "Error",
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": _said(alert.summary),
            "description": _said("\n".join(alert.description)),
            **{
                name: "{{ externalURL }}" + path.removeprefix("/")  # it ends in one
                for name, (backend, path) in alert.links.items()
                if backend == GRAFANA
            },
        },
    }


def _query(alert: Alert) -> dict[str, Any]:
    asked = {"refId": "A", "expr": alert.expression, "instant": True, "range": False}
    return _data("A", _PROMETHEUS, asked)


def _is_there() -> dict[str, Any]:
    above = {"evaluator": {"type": "gt", "params": [0]}}
    asked = {"refId": "C", "type": "threshold", "expression": "A", "conditions": [above]}
    return _data("C", _EXPRESSION, asked)


def _data(name: str, uid: str, model: dict[str, Any]) -> dict[str, Any]:
    return {
        "refId": name,
        "relativeTimeRange": {"from": 600, "to": 0},
        "datasourceUid": uid,
        "model": model,
    }


def _said(template: str) -> str:
    """*template* as Grafana reads it: there, `$value` is the text of all that was queried."""
    return template.replace("$value", "$values.A.Value")
