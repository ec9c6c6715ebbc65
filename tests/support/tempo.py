"""A real Tempo with the metrics-generator that is shipped."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import yaml

from aiprov_otel.backends import texts
from support.servers import running
from support.service import free_port
from support.waiting import PATIENCE, until

_ACTIVE: Final = 2
"""The state of a partition that is written to: Tempo is ready before it has one."""


def why_not() -> str | None:
    """Say why there can be none; None if there can."""
    return None if shutil.which("tempo") else "there is no tempo 3 on the PATH"


@contextmanager
def tempo(folder: Path, prometheus: str) -> Iterator[tuple[str, str]]:
    """Where one takes OTLP over HTTP, and where it is asked; its metrics go to *prometheus*."""
    taking, asked = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    path = folder / "tempo.yaml"
    path.write_text(json.dumps(_config(folder, prometheus, taking, asked)))
    command = ["tempo", f"-config.file={path}"]
    with running(command, f"http://{asked}/ready", folder / "tempo.log"):
        until(lambda: _keeps(f"http://{asked}"), "Tempo keeps what it is sent")
        yield f"http://{taking}", f"http://{asked}"


def _keeps(address: str) -> bool:
    """Whether it has a partition to write to."""
    request = urllib.request.Request(
        f"{address}/partition-ring", headers={"Accept": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
        partitions = json.load(reply)["partitions"]
    return any(one["state"] == _ACTIVE for one in partitions)


def ask(address: str, query: str) -> list[Any]:
    """The traces that TraceQL *query* finds, or the series that it counts."""
    now = int(time.time())
    said = {"q": query, "start": now - 600, "end": now + 10, "step": "10s", "limit": 1000}
    counts = any(f"{name}(" in query for name in ("rate", "over_time", "compare"))
    path, key = ("metrics/query_range", "series") if counts else ("search", "traces")
    with urllib.request.urlopen(
        f"{address}/api/{path}?{urlencode(said)}", timeout=PATIENCE
    ) as reply:
        found: list[Any] = json.load(reply).get(key, [])
    return found


def _config(folder: Path, prometheus: str, taking: str, asked: str) -> dict[str, Any]:
    """What is shipped, and the least that it needs besides."""
    shipped: dict[str, Any] = yaml.safe_load(texts()["tempo/metrics-generator.yaml"])
    host, _, port = asked.partition(":")
    shipped["metrics_generator"]["storage"] = {
        "path": f"{folder}/generator",
        "remote_write": [{"url": f"http://{prometheus}/api/v1/write", "send_exemplars": True}],
    }
    return {
        **shipped,
        "server": {
            "http_listen_address": host,
            "http_listen_port": int(port),
            "grpc_listen_address": host,
            "grpc_listen_port": free_port(),
        },
        "memberlist": {"bind_addr": [host], "bind_port": free_port()},
        "distributor": {"receivers": {"otlp": {"protocols": {"http": {"endpoint": taking}}}}},
        "storage": {
            "trace": {
                "backend": "local",
                "local": {"path": f"{folder}/blocks"},
                "wal": {"path": f"{folder}/wal"},
            }
        },
        "live_store": {
            "wal": {"path": f"{folder}/live"},
            "shutdown_marker_dir": f"{folder}/marker",
            "complete_block_timeout": "24h",
        },
        "backend_scheduler": {"local_work_path": f"{folder}/jobs"},
        # It may be asked at once for all that it has, however old.
        "query_frontend": {
            "query_end_cutoff": "0s",
            "search": {"query_backend_after": "12h"},
            "metrics": {"query_backend_after": "12h"},
        },
        "usage_report": {"reporting_enabled": False},
    }
