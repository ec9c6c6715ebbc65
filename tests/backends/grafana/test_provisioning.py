"""What Grafana is provisioned with fits together, and its alerts are those of Prometheus."""

from __future__ import annotations

import re

import pytest
import yaml

from aiprov_otel import attributes
from aiprov_otel.backends import texts
from support.alerts import ALERTS
from support.prometheus import ask, rows

FILES = {
    name.removeprefix("grafana/provisioning/"): yaml.safe_load(text)
    for name, text in texts().items()
    if name.startswith("grafana/provisioning/")
}
SOURCES = {one["uid"]: one for one in FILES["datasources/aiprov.yaml"]["datasources"]}
(GROUP,) = FILES["alerting/aiprov.yaml"]["groups"]
RULES = {one["title"]: one for one in GROUP["rules"]}


def named(thing):
    """The uids of data sources that *thing* names, however deep."""
    if isinstance(thing, dict):
        own = {value for key, value in thing.items() if key == "datasourceUid"}
        return own | {uid for value in thing.values() for uid in named(value)}
    return {uid for one in thing for uid in named(one)} if isinstance(thing, list) else set()


def test_every_file_says_its_version():
    """
    Grafana reads each as the version that it is written for.
    """
    assert set(FILES) == {f"{of}/aiprov.yaml" for of in ("dashboards", "datasources", "alerting")}
    assert {one["apiVersion"] for one in FILES.values()} == {1}


def test_what_leads_to_a_data_source_finds_it():
    """
    Exemplars, logs, metrics and alerts name the uids of data sources that are provisioned.
    """
    assert named([*SOURCES.values(), GROUP]) - {"__expr__"} == set(SOURCES)
    (dot,) = SOURCES["aiprov-prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert SOURCES[dot["datasourceUid"]]["type"] == "tempo"


def test_a_span_leads_to_the_errors_of_its_origin(server):
    """
    The query behind it, with the span's tags, is one that Prometheus answers.
    """
    leads = SOURCES["aiprov-tempo"]["jsonData"]["tracesToMetrics"]
    said = {"service.name": "shop", attributes.ORIGIN: "ai"}
    tags = ",".join(f'{tag["value"]}="{said[tag["key"]]}"' for tag in leads["tags"])
    (query,) = leads["queries"]

    found = rows(server, query["query"].replace("$$__tags", tags))

    assert found[()] > 0


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_in_grafana_what_it_says_in_prometheus(name):
    """
    The same expression, wait, severity and text, in the words of Grafana's templates.
    """
    theirs, ours = ALERTS[name], RULES[name]
    asked, there = (one["model"] for one in ours["data"])

    assert asked["expr"].strip() == theirs["expr"].strip()
    assert (ours["for"], ours["labels"]) == (theirs["for"], theirs["labels"])
    assert (there["type"], there["expression"], ours["condition"]) == ("threshold", "A", "C")
    for text in ("summary", "description"):
        said = re.sub(r"\$value\b", "$values.A.Value", theirs["annotations"][text])
        assert ours["annotations"][text].split() == said.split()
    link = ours["annotations"]["dashboard"].replace("{{ externalURL }}", "https://grafana/sub/")
    assert link.startswith("https://grafana/sub/d/aiprov-")


def test_what_fires_in_prometheus_fires_in_grafana(server):
    """
    The query returns what is above the threshold for each alert that Prometheus fires, and only so.
    """
    burning = {
        (one["labels"]["alertname"], one["labels"]["service_name"], one["labels"]["raised_by"])
        for one in ask(server, "alerts")["alerts"]
    }

    found = {
        (name, *labels)
        for name, rule in RULES.items()
        for labels, value in rows(server, rule["data"][0]["model"]["expr"]).items()
        if value > rule["data"][1]["model"]["conditions"][0]["evaluator"]["params"][0]
    }

    assert burning
    assert found == burning


def test_uids_of_alerts_are_their_own():
    """
    Grafana finds an alert by its uid, which has at most forty characters; none is there twice.
    """
    uids = [rule["uid"] for rule in GROUP["rules"]]

    assert len(set(uids)) == len(uids) == len(ALERTS)
    assert all(re.fullmatch(r"[a-z-]{1,40}", uid) for uid in uids)
