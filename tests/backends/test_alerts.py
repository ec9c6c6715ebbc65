"""Alerts lead somewhere: to a dashboard that is shipped, and to spans that Jaeger can find."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from aiprov_otel import attributes
from aiprov_otel.backends import texts
from aiprov_otel.values import Evidence, Origin, Provenance, Unit
from support.alerts import ALERTS

BOARDS = {
    board["uid"]: board
    for name, text in texts().items()
    if name.startswith("grafana/") and name.endswith(".json")
    for board in [json.loads(text)]
    if "uid" in board
}
FULL = Provenance(Origin.AI, commit="c", evidence=Evidence.NOTE)
ON_SPANS = {*attributes.of_unit(FULL, Unit.HANDLER), *attributes.of_error(FULL)}
ADDRESS = re.compile(
    r'\{\{ with query "aiprov:links" \}\}\{\{ \. \| first \| label "(\w+)" \}\}\{\{ end \}\}(.*)'
)
LINKS = [
    pytest.param(text, id=f"{alert}-{name}")
    for alert, rule in ALERTS.items()
    for name, text in rule["annotations"].items()
    if name not in {"summary", "description"}
]


def without_templates(path: str) -> str:
    """*path* of a link as it is with labels filled in."""
    return re.sub(r"\{\{.*?\}\}", "ai", path)


@pytest.mark.parametrize("link", LINKS)
def test_a_link_leads_to_what_is_there(link):
    """
    A dashboard of ours with the variable that is set, or a search for keys that spans have.
    """
    backend, path = ADDRESS.fullmatch(link).groups()
    address = urlsplit(without_templates(path))
    said = parse_qs(address.query)

    if backend == "grafana":
        board = BOARDS[address.path.removeprefix("/d/")]
        variables = {f"var-{one['name']}" for one in board["templating"]["list"]}
        assert said.keys() <= variables
    else:
        assert (backend, address.path) == ("jaeger", "/search")
        assert said["service"] == ["ai"]
        assert json.loads(said["tags"][0]).keys() <= ON_SPANS


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_what_to_do(alert):
    """
    It has a line to read on a phone, something to look at, and only the two severities.
    """
    rule = ALERTS[alert]

    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert len(rule["annotations"]["summary"]) < 200
    assert rule["annotations"]["description"]
    assert "dashboard" in rule["annotations"]
