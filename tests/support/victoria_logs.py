"""A real VictoriaLogs, which takes log records over OTLP."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from support.servers import built, running
from support.service import free_port
from support.waiting import PATIENCE


def why_not() -> str | None:
    """Say why there can be none; None if there can."""
    return None if built("victoria_logs") else "no VictoriaLogs was built: run `make test-backends`"


@contextmanager
def victoria_logs(folder: Path) -> Iterator[str]:
    """The address of one that keeps what it is sent in *folder*."""
    address = f"127.0.0.1:{free_port()}"
    command = [
        built("victoria_logs") or "",
        f"-httpListenAddr={address}",
        f"-storageDataPath={folder / 'logs'}",
    ]
    with running(command, f"http://{address}/health", folder / "victoria_logs.log"):
        yield f"http://{address}"


def found(address: str, query: str) -> list[dict[str, Any]]:
    """The rows that a *query* in LogsQL returns."""
    asked = f"{address}/select/logsql/query?{urlencode({'query': query})}"
    with urllib.request.urlopen(asked, timeout=PATIENCE) as reply:
        return [json.loads(line) for line in reply.read().splitlines()]
