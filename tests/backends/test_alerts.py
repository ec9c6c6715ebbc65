"""Alerts lead somewhere: to a dashboard that is shipped, and to spans that Jaeger can find."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from aiprov_otel import attributes
from aiprov_otel.backends.alerts import ALERTS, GRAFANA, JAEGER
from aiprov_otel.backends.files import texts
from aiprov_otel.values import Evidence, Origin, Provenance, Unit

BOARDS = {
    board["uid"]: board
    for name, text in texts().items()
    if name.startswith("grafana/") and name.endswith(".json")
    for board in [json.loads(text)]
    if "uid" in board
}
FULL = Provenance(Origin.AI, commit="c", evidence=Evidence.NOTE)
ON_SPANS = {*attributes.of_unit(FULL, Unit.HANDLER), *attributes.of_error(FULL)}
LINKS = [
    pytest.param(alert, *link, id=f"{alert.name}-{name}")
    for alert in ALERTS
    for name, link in alert.links.items()
]


def without_templates(path: str) -> str:
    """*path* of a link as it is with labels filled in."""
    return re.sub(r"\{\{.*?\}\}", "ai", path)


@pytest.mark.parametrize(("alert", "backend", "path"), LINKS)
def test_a_link_leads_to_what_is_there(alert, backend, path):
    """
    A dashboard of ours with the variable that is set, or a search for keys that spans have.
    """
    address = urlsplit(without_templates(path))
    said = parse_qs(address.query)

    if backend == GRAFANA:
        board = BOARDS[address.path.removeprefix("/d/")]
        variables = {f"var-{one['name']}" for one in board["templating"]["list"]}
        assert said.keys() <= variables
    else:
        assert (backend, address.path) == (JAEGER, "/search")
        assert said["service"] == ["ai"]
        assert json.loads(said["tags"][0]).keys() <= ON_SPANS | {"error"}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_says_what_to_do(alert):
    """
    It has a line to read on a phone, something to look at, and only the two severities.
    """
    assert alert.severity in {"page", "ticket"}
    assert len(alert.summary) < 200
    assert alert.description
    assert "dashboard" in alert.links


def test_prometheus_loads_all_of_them():
    """
    Names, expressions and waiting times are the same in the file.
    """
    document = yaml.safe_load(texts()["prometheus/aiprov-alerts.rules.yml"])

    rules = [rule for group in document["groups"] for rule in group["rules"] if "alert" in rule]
    assert [(rule["alert"], rule["expr"].strip(), rule["for"]) for rule in rules] == [
        (alert.name, alert.expression, alert.wait) for alert in ALERTS
    ]
    assert all(rule["annotations"].keys() >= {"summary", "description"} for rule in rules)
