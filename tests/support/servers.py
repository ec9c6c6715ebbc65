"""Servers that are started for a test, among them those that `scripts/servers` builds."""

from __future__ import annotations

import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError

from support.service import free_port, stop
from support.waiting import until

_BUILT: Final = Path(__file__).parents[2] / ".venv" / "servers"


def built(name: str) -> str | None:
    """The server *name* that `scripts/servers` built, or None."""
    path = _BUILT / name / name
    return str(path) if path.exists() else None


def own_metrics(port: int | None = None) -> dict[str, Any]:
    """Where a Collector or a Jaeger shows its own metrics: on *port*, or one that is free."""
    at = {"host": "127.0.0.1", "port": port or free_port()}
    return {"metrics": {"readers": [{"pull": {"exporter": {"prometheus": at}}}]}}


@contextmanager
def prometheus(folder: Path, rules: Sequence[str] = ()) -> Iterator[str]:
    """The `host:port` of one that takes OTLP and remote writes, and evaluates *rules*."""
    address = f"127.0.0.1:{free_port()}"
    for number, text in enumerate(rules):
        (folder / f"{number}.rules.yml").write_text(text)
    config = folder / "prometheus.yml"
    config.write_text("{global: {evaluation_interval: 1s}, rule_files: ['*.rules.yml']}")
    command = [
        built("prometheus") or "",
        f"--config.file={config}", f"--storage.tsdb.path={folder}/prometheus",
        f"--web.listen-address={address}",
        "--web.enable-otlp-receiver", "--web.enable-remote-write-receiver",
        "--enable-feature=exemplar-storage",
    ]  # fmt: skip
    with running(command, f"http://{address}/-/ready", folder / "prometheus.log"):
        yield address


@contextmanager
def running(
    command: Sequence[str],
    ready: str,
    log: Path,
    variables: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Iterator[None]:
    """*command* in *folder*, from when it answers at *ready* on; what it says stands in *log*."""
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=variables, cwd=folder)
        try:
            _wait(process, ready, log)
            yield
        finally:
            stop(process)


def _wait(process: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    def ready_itself() -> bool:
        answered = _answers(ready)
        assert process.poll() is None, log.read_text()  # else it was another that answered
        return answered

    until(ready_itself, f"an answer at {ready}; see {log}")


def _answers(address: str) -> bool:
    """Whether somebody does at *address*, if not with what was asked for."""
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except urllib.request.HTTPError as error:
        return error.code < 500
    except (URLError, OSError):
        return False
    return True
