"""A real Jaeger with the configuration that is shipped."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from aiprov_otel.backends import texts
from support.servers import built, own_metrics, running
from support.service import free_port
from support.waiting import PATIENCE

_FILES: Final = ("jaeger/jaeger.yaml", "jaeger/jaeger-ui.json")


def why_not() -> str | None:
    """Say why there can be none; None if there can."""
    return None if built("jaeger") else "no jaeger was built: run `make test-backends`"


def validate(folder: Path) -> subprocess.CompletedProcess[str]:
    """What Jaeger says of the shipped configuration, as it is."""
    command = _written(folder, "validate", "--config=jaeger/jaeger.yaml")
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@contextmanager
def jaeger(folder: Path, prometheus: str = "") -> Iterator[tuple[str, str]]:
    """Where one takes OTLP over HTTP, and where it is asked; its metrics are in *prometheus*."""
    ports = [free_port() for _ in range(4)]
    taking, asked, *others = (f"127.0.0.1:{port}" for port in ports)
    metrics = json.dumps(own_metrics()["metrics"])
    command = _written(
        folder,
        f"--config={folder}/jaeger/jaeger.yaml",
        f"--set=extensions.jaeger_query.ui.config_file={folder}/jaeger/jaeger-ui.json",
        f"--set=receivers.otlp.protocols.http.endpoint={taking}",
        f"--set=receivers.otlp.protocols.grpc.endpoint={others[0]}",
        f"--set=extensions.jaeger_query.http.endpoint={asked}",
        f"--set=extensions.jaeger_query.grpc.endpoint={others[1]}",
        f"--set=service.telemetry.metrics={metrics}",
    )
    variables = {"PROMETHEUS_URL": f"http://{prometheus}"} if prometheus else None
    with running(command, f"http://{asked}/", folder / "jaeger.log", variables):
        yield f"http://{taking}", f"http://{asked}"


def found(address: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """The traces of the shop that the search page at *address* finds by *tags*."""
    said = {"service": "shop", "tags": json.dumps(tags), "limit": "1000", "lookback": "1h"}
    with urllib.request.urlopen(
        f"{address}/api/traces?{urlencode(said)}", timeout=PATIENCE
    ) as reply:
        traces: list[dict[str, Any]] = json.load(reply)["data"]
    return traces


def monitored(
    address: str, what: str, kind: str = "server", quantile: float = 0.95
) -> dict[str, float]:
    """*what* (calls, errors, latencies) the Monitor tab shows last, by operation of the shop."""
    said = {"service": "shop", "groupByOperation": "true", "spanKind": kind, "quantile": quantile}
    with urllib.request.urlopen(
        f"{address}/api/metrics/{what}?{urlencode(said)}", timeout=PATIENCE
    ) as reply:
        series = json.load(reply)["metrics"]
    return {
        label["value"]: float(each["metricPoints"][-1]["gaugeValue"]["doubleValue"])
        for each in series
        for label in each["labels"]
        if label["name"] == "operation"
    }


def page(address: str) -> str:
    """The page that a reader gets."""
    with urllib.request.urlopen(f"{address}/search", timeout=PATIENCE) as reply:
        return str(reply.read().decode())


def _written(folder: Path, *arguments: str) -> list[str]:
    (folder / "jaeger").mkdir(exist_ok=True)
    for name in _FILES:
        (folder / name).write_text(texts()[name])
    return [built("jaeger") or "", *arguments]
