"""OpenTelemetry's own tool accepts the registry, and what is sent by it."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiprov_otel.demo import customers, load
from aiprov_otel.demo.shop import lay_out
from support.servers import running
from support.service import free_port
from support.shop import deployed
from support.waiting import PATIENCE, until

if not shutil.which("weaver"):
    pytest.skip("there is no weaver on the PATH", allow_module_level=True)

REGISTRY = Path(__file__).parents[2] / "semconv"


def findings(report: Any) -> Iterator[dict[str, Any]]:
    """Each finding in *report*, whichever sample it is about."""
    if isinstance(report, list):
        for each in report:
            yield from findings(each)
    elif isinstance(report, dict):
        yield from report.get("all_advice", [])
        for each in report.values():
            yield from findings(each)


def whole(report: Path) -> bool:
    """Whether all of *report* is written."""
    try:
        json.loads(report.read_text())
    except (FileNotFoundError, ValueError):
        return False
    return True


def test_weaver_accepts_the_registry():
    """
    `registry check` finds no error in the definitions of attributes and metrics.
    """
    command = ["weaver", "registry", "check", "--registry", str(REGISTRY)]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_weaver_knows_what_the_shop_sends(tmp_path):
    """
    `live-check` hears the shop's spans and metrics, and finds nothing of ours that is not in the
    registry, or is there with another type.
    """
    taking, asked = free_port(), f"http://127.0.0.1:{(admin := free_port())}"
    endpoint = f"http://127.0.0.1:{taking}"
    report = tmp_path / "report" / "live_check.json"
    command = [
        "weaver", "registry", "live-check", f"--registry={REGISTRY}", "--include-unreferenced",
        f"--otlp-grpc-port={taking}", f"--admin-port={admin}", f"--inactivity-timeout={PATIENCE}",
        "--no-stream", "--format=json", f"--output={report.parent}",
    ]  # fmt: skip
    by_grpc = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint,
    }

    with running(command, f"{asked}/health", tmp_path / "weaver.log"):
        with deployed(lay_out(tmp_path / "shop"), endpoint, by_grpc) as shop:
            load.drive(shop, customers.plan(20))
        stop = urllib.request.Request(f"{asked}/stop", method="POST")
        urllib.request.urlopen(stop, timeout=PATIENCE).close()
        until(lambda: whole(report), "the report")

    assert '"aiprov.error.origin"' in report.read_text()
    found = [
        each for each in findings(json.loads(report.read_text())) if each["level"] == "violation"
    ]
    assert not [each for each in found if "aiprov." in json.dumps(each)]
