"""Prometheus accepts the rules, and they say what the telemetry says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from aiprov_otel.backends import texts
from support.generated import COUNTS, RATIOS
from support.prometheus import ask, rows, why_not

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)

FILES = {name: text for name, text in texts().items() if name.endswith(".rules.yml")}
TEMPO = {name: texts()[name] for name in ("tempo/rules.yml",)}
RULES = [
    rule
    for text in FILES.values()
    for group in yaml.safe_load(text)["groups"]
    for rule in group["rules"]
]


@pytest.mark.parametrize("record", [rule["record"] for rule in RULES if "record" in rule])
def test_what_is_recorded_is_what_the_telemetry_says(server, record):
    """
    Each rule has recorded the values that the generated requests, calls and lines give.
    """
    name, window = re.fullmatch(r"aiprov:(\w+?)(?::(?:rate|mean)(\w+))?", record).groups()
    within = {"5m": 300, "30m": 1_800, "1h": 3_600, "6h": 7_200}.get(window, 0)
    seconds = {"6h": 3}.get(window, 1) * 7_200  # six hours of which only two are there
    wanted = RATIOS.get(name, {key: n / seconds for key, n in COUNTS.get(name, {}).items()})

    found = rows(server, record)

    assert found.keys() == wanted.keys()
    near = 0.03 if name in COUNTS and within >= 3_600 else 0.001  # a range has its edges
    for key, value in wanted.items():
        assert found[key] == pytest.approx(value, rel=near), key


def test_the_alert_names_the_origin_that_carries_most(server):
    """
    Both services burn their budget, and for each one origin is named, with its share.
    """
    wanted = {
        service: max((share, origin) for (of, origin), share in share_of if of == service)
        for service in ("shop", "mail")
        for share_of in [RATIOS["burn_share"].items()]
    }

    fired = ask(server, "alerts")["alerts"]

    found = {
        one["labels"]["service_name"]: (float(one["value"]), one["labels"]["raised_by"])
        for one in fired
        if one["labels"]["alertname"] == "AiprovBudgetBurnFast"
    }
    assert found.keys() == wanted.keys()
    for service, (part, origin) in wanted.items():
        assert found[service] == (pytest.approx(part, rel=0.001), origin)
    assert not any("Unknown" in one["labels"]["alertname"] for one in fired)


def test_no_rule_fails(server):
    """
    Every rule, alerts among them, was evaluated without an error or a warning.
    """
    groups = ask(server, "rules")["groups"]

    assert len([rule for group in groups for rule in group["rules"]]) == len(RULES)
    assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}


@pytest.mark.matrix
@pytest.mark.parametrize("tests", ["requests.test.yml", "functions.test.yml", "tempo.test.yml"])
def test_promtool_passes_the_unit_tests(tests, tmp_path):
    """
    On counters made by hand, alerts fire, name the origin, stay silent and end as they should.
    """
    for name, text in (FILES | TEMPO).items():
        (tmp_path / Path(name).name).write_text(text)
    shutil.copy(Path(__file__).with_name(tests), tmp_path)

    told = subprocess.run(
        ["promtool", "test", "rules", tests], cwd=tmp_path, capture_output=True, text=True
    )

    assert told.returncode == 0, told.stdout + told.stderr
