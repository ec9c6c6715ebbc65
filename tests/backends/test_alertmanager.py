"""Alertmanager accepts the routes, and calls whoever is to be called in an incident."""

from __future__ import annotations

import re
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from aiprov_otel.backends import texts
from support.alerts import ALERTS
from support.incident import Called, Service, listening
from support.prometheus import ask, rows, serving, started, why_not
from support.waiting import until

if reason := why_not("prometheus-alertmanager", "amtool"):
    pytest.skip(reason, allow_module_level=True)

SHIPPED = texts()["alertmanager/alertmanager.yml"]
BOTH = {"team-shop", "agents"}
BURNS = "AiprovBudgetBurnFast"
SOONER = {"5m": "4s", "30m": "4s", "1h": "8s", "6h": "8s"}
SCRAPING = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}}
rule_files: ['*.rules.yml']
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{service}']}}]}}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{alertmanager}']}}]}}]}}
"""


def told(*arguments: str) -> str:
    """What amtool prints."""
    asked = ["amtool", *arguments]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def shipped(tmp_path) -> Path:
    """The file, as it is written out."""
    (tmp_path / "alertmanager.yml").write_text(SHIPPED)
    return tmp_path / "alertmanager.yml"


def test_alertmanager_accepts_the_file(shipped):
    """
    Routes, inhibitions and receivers, as its own validator counts them.
    """
    said = told("check-config", str(shipped))

    assert "SUCCESS" in said
    assert "1 inhibit rules" in said
    assert "4 receivers" in said


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (f"alertname={BURNS} service_name=shop raised_by=ai", "agents,team-shop"),
        (f"alertname={BURNS} service_name=mail raised_by=mixed", "agents,on-call"),
        (f"alertname={BURNS} service_name=shop raised_by=human", "team-shop"),
        (f"alertname={BURNS} service_name=mail raised_by=unknown", "on-call"),
        ("alertname=AiprovRequestsUnknown service_name=shop", "pipeline"),
        ("alertname=AiprovFunctionsUnknown job=shop", "pipeline"),
        ("alertname=DiskFull service_name=shop raised_by=ai", "team-shop"),
        ("alertname=DiskFull", "on-call"),
    ],
)
def test_each_alert_finds_who_is_to_hear_of_it(shipped, labels, receivers):
    """
    Somebody is called whoever's code it is; the origin decides who is told besides.
    """
    said = told("config", "routes", "test", f"--config.file={shipped}", *labels.split())

    assert said.strip() == receivers


def test_the_alerts_it_names_are_there():
    """
    What it matches are names and labels of our alerts.
    """
    named = set(re.findall(r"Aiprov\w+", SHIPPED)) - {"Aiprov", "AiprovBudgetBurn"}

    assert named <= ALERTS.keys()
    assert set(yaml.safe_load(SHIPPED)["route"]["group_by"]) == {"alertname", "service_name", "job"}


@pytest.fixture
def incident(tmp_path):
    """A service, its Prometheus with all rules, in seconds for hours, and who is called."""
    service, called = Service(), Called()
    rules = [text for name, text in texts().items() if name.endswith(".rules.yml")]
    sooner = [re.sub(r"\[(\w+)\]", lambda of: f"[{SOONER[of[1]]}]", text) for text in rules]
    with ExitStack() as running:
        address = running.enter_context(listening(service, called))
        routes = SHIPPED.replace("127.0.0.1:5001", address)
        routes = routes.replace("group_wait: 30s", "group_wait: 500ms")
        routes = routes.replace("group_interval: 5m", "group_interval: 500ms")
        (tmp_path / "alertmanager.yml").write_text(routes)
        alertmanager = running.enter_context(
            serving(
                tmp_path / "alertmanager.log",
                "prometheus-alertmanager",
                f"--config.file={tmp_path}/alertmanager.yml",
                f"--storage.path={tmp_path}/kept",
                "--cluster.listen-address=",
                "--log.level=error",
            )
        )
        config = SCRAPING.format(service=address, alertmanager=alertmanager)
        prometheus = running.enter_context(started(config, tmp_path, sooner))
        yield service, called, prometheus


@pytest.mark.matrix
def test_an_incident_calls_who_is_to_be_called_and_ends(incident):
    """
    What AI-written lines raise below a human-written handler names `ai`, leads to the traces, goes
    to the team and to who is told besides, and is resolved when requests no longer fail.
    """
    service, called, prometheus = incident
    until(lambda: rows(prometheus, "aiprov:request_coverage:rate1h"), "rules are evaluated")
    assert ask(prometheus, "alerts")["alerts"] == []

    service.fail(ai=0.3, human=0.1)
    until(lambda: called.who(BURNS, "firing") == BOTH, "the alert reaches both receivers")

    for alert in called.of(BURNS, "firing"):
        assert alert["labels"] == {
            "alertname": BURNS,
            "service_name": "shop",
            "raised_by": "ai",
            "severity": "page",
        }
        assert "ai code carries" in alert["annotations"]["summary"]
        assert alert["annotations"]["traces"].startswith("http://127.0.0.1:16686/search?service=")
    assert not called.of("AiprovBudgetBurnSlow", "firing")

    service.fail()
    until(lambda: called.who(BURNS, "resolved") == BOTH, "it is resolved for both")

    until(lambda: ask(prometheus, "alerts")["alerts"] == [], "no alert is left")
