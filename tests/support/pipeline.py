"""What is shipped, running: a service's telemetry through a real Collector into Prometheus."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiprov_otel.backends import texts
from aiprov_otel.receiver.server import Receiver
from support.native import Engine, taking
from support.servers import built, own_metrics, prometheus, running
from support.service import Received, free_port
from support.waiting import PATIENCE

COLLECTOR: Final = "collector/otelcol.yaml"
CLICKHOUSE: Final = "collector/clickhouse.yaml"


def why_not() -> str | None:
    """Say why there can be no pipeline; None if there can."""
    missing = [name for name in ("otelcol", "prometheus") if not built(name)]
    return f"no {missing[0]} was built: run `make test-backends`" if missing else None


@dataclass(frozen=True)
class Pipeline:
    """
    The shipped Collector and Prometheus.

    Attributes:
        endpoint: where a service sends OTLP over HTTP.
        prometheus: `host:port` of a Prometheus with the shipped rules.
        sent: all spans that came to the Collector.
        kept: those that it passed on after tail sampling.
        clickhouse: the database that all spans are stored in, as `otel`.
        own: where the Collector shows its own metrics.
    """

    endpoint: str
    prometheus: str
    sent: Received
    kept: Received
    clickhouse: Engine
    own: str

    def accepted(self) -> int:
        """How many spans the Collector has taken from services."""
        with urllib.request.urlopen(self.own, timeout=PATIENCE) as answer:
            text = answer.read().decode()
        counts = re.findall(r"^otelcol_receiver_accepted_spans\S* (\S+)$", text, re.MULTILINE)
        return sum(int(float(count)) for count in counts)


@contextmanager
def pipeline(
    folder: Path,
    rules: Sequence[str] = (),
    *,
    into: str = "",
    also: Mapping[str, str] | None = None,
) -> Iterator[Pipeline]:
    """
    One that evaluates *rules*, the texts of files, each second.

    Metrics go *into* the Prometheus that is there, if one is named; traces, besides, where *also*
    says, by the name of the Collector's pipeline.
    """
    with ExitStack() as stack:
        sent, kept = Received(), Received()
        endpoints = [stack.enter_context(_receiver(each)) for each in (sent, kept)]
        into = into or stack.enter_context(prometheus(folder, rules))
        clickhouse, engine = stack.enter_context(taking(folder))
        port, own = free_port(), free_port()
        urls = {
            "PROMETHEUS_URL": f"http://{into}",
            "TRACES_URL": endpoints[1],
            "CLICKHOUSE_URL": clickhouse,
        }
        changed = _changed(port, own, endpoints[0], also or {})
        stack.enter_context(_collector(folder, port, (COLLECTOR, CLICKHOUSE), changed, urls))
        shown = f"http://127.0.0.1:{own}/metrics"
        yield Pipeline(f"http://127.0.0.1:{port}", into, sent, kept, engine, shown)


@contextmanager
def _receiver(spans: Received) -> Iterator[str]:
    with Receiver(spans, port=0) as receiver:  # type: ignore[arg-type]  # all that it calls is there
        yield receiver.endpoint


@contextmanager
def alone(folder: Path) -> Iterator[str]:
    """Where the shipped Collector takes OTLP, without its second file and all that it sends to."""
    port = free_port()
    changed = {"receivers": _receivers(port), "service": {"telemetry": own_metrics()}}
    with _collector(folder, port, (COLLECTOR,), changed, {}):
        yield f"http://127.0.0.1:{port}"


def validate(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """What the Collector says of the shipped files *names*, as they are."""
    command = [built("otelcol") or "", "validate", *_written(folder, names)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _changed(port: int, own: int, sent: str, also: Mapping[str, str]) -> dict[str, Any]:
    """
    What a test needs otherwise: free ports, earlier decisions, and a copy of all that was sent.

    Nothing is sent a second time because a busy machine was slow to answer.
    """
    exporters = {
        "traces/all": ["spanmetrics", "exceptions", "clickhouse", "otlphttp/sent"],
        "traces/kept": ["otlphttp/traces"],
    }
    for name in also:
        exporters[name].append(name.replace("traces", "otlphttp"))
    return {
        "receivers": _receivers(port),
        "processors": {"tail_sampling": {"decision_wait": "2s"}},
        "connectors": {"spanmetrics": {"metrics_flush_interval": "1s"}},
        "exporters": {
            "clickhouse": {"timeout": f"{PATIENCE}s"},
            "otlphttp/sent": {"endpoint": sent, "timeout": f"{PATIENCE}s"},
            "otlphttp/traces": {"timeout": f"{PATIENCE}s"},
            **{name.replace("traces", "otlphttp"): {"endpoint": also[name]} for name in also},
        },
        "service": {
            "telemetry": own_metrics(own),
            "pipelines": {name: {"exporters": each} for name, each in exporters.items()},
        },
    }


def _receivers(port: int) -> dict[str, Any]:
    protocols = {
        "grpc": {"endpoint": f"127.0.0.1:{free_port()}"},
        "http": {"endpoint": f"127.0.0.1:{port}"},
    }
    return {"otlp": {"protocols": protocols}}


def _written(folder: Path, names: Sequence[str]) -> list[str]:
    """The arguments that name the shipped files *names*, in their order."""
    (folder / "collector").mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(texts()[name])
    return [f"--config={folder / name}" for name in names]


@contextmanager
def _collector(
    folder: Path,
    port: int,
    names: Sequence[str],
    changed: Mapping[str, Any],
    urls: Mapping[str, str],
) -> Iterator[None]:
    (folder / "changed.yaml").write_text(json.dumps(changed))
    shipped = _written(folder, names)
    command = [built("otelcol") or "", *shipped, f"--config={folder / 'changed.yaml'}"]
    with running(command, f"http://127.0.0.1:{port}/", folder / "otelcol.log", urls):
        yield
