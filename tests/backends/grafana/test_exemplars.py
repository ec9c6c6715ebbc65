"""A dot in a course leads from Prometheus to a trace, through a real Collector as it is shipped."""

from __future__ import annotations

import json
import time

import pytest
import yaml

from aiprov_otel.backends import texts
from aiprov_otel.demo import customers, load
from aiprov_otel.demo.shop import lay_out
from support.boards import panels
from support.pipeline import pipeline, why_not
from support.prometheus import ask
from support.shop import deployed
from support.waiting import until

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)

SOURCES = yaml.safe_load(texts()["grafana/provisioning/datasources/aiprov.yaml"])["datasources"]
(LABEL,) = [
    one["name"]
    for source in SOURCES
    for one in source["jsonData"].get("exemplarTraceIdDestinations", ())
]
ASKED = [
    pytest.param(target["expr"], id=f"{board['uid']}-{panel['title']}")
    for board in (
        json.loads(texts()[f"grafana/aiprov-{name}.json"]) for name in ("overview", "routes")
    )
    for panel in panels(board)
    for target in panel.get("targets", ())
    if target.get("exemplar")
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The pipeline, after the shop has answered its customers."""
    folder = tmp_path_factory.mktemp("exemplars")
    with pipeline(folder) as found:
        with deployed(lay_out(folder / "shop"), found.endpoint) as address:
            load.drive(address, customers.plan(100))
        yield found


def dots(found, query):
    """The labels of the exemplars of *query*."""
    now = time.time()
    window = {"start": str(now - 600), "end": str(now + 60)}
    said = ask(found.prometheus, "query_exemplars", query=query, **window)
    return [dot["labels"] for one in said for dot in one["exemplars"]]


@pytest.mark.parametrize("expression", ASKED)
def test_a_dot_leads_to_a_trace(expression, served):
    """
    The series behind a course have exemplars, with the trace where the data source looks for it.
    """
    filled = expression.replace("$service", ".*").replace("$route", ".*")
    filled = filled.replace("$__rate_interval", "5m")

    until(lambda: dots(served, filled), "the course has dots")
    found = {labels[LABEL] for labels in dots(served, filled)}

    assert found
    assert found <= {row.trace_id for row in served.sent.rows}
