"""A real Prometheus whose counters were written beforehand."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from support.servers import running
from support.service import free_port
from support.waiting import PATIENCE

_LABELS: Final = (
    "service_name", "service", "job", "span_name",
    "aiprov_origin", "aiprov_error_origin", "raised_by", "error_type",
    "aiprov_exception_origin", "aiprov_model_name", "aiprov_exception_model_name",
    "vcs_ref_head_revision", "reading",
)  # fmt: skip
_STEP: Final = 60  # seconds
_STEPS: Final = 120
_CONFIG: Final = "{global: {evaluation_interval: 1s}, rule_files: ['*.rules.yml']}"


def why_not(*others: str) -> str | None:
    """Say why there can be none, or none of the *others*; None if there can."""
    missing = [name for name in ("prometheus", "promtool", *others) if not shutil.which(name)]
    return f"there is no {missing[0]}: run scripts/brokers" if missing else None


@contextmanager
def prometheus(
    counters: Mapping[str, float], folder: Path, rules: Sequence[str] = ()
) -> Iterator[str]:
    """
    The `host:port` of one that saw *counters*, series and totals, grow within two hours.

    It evaluates *rules*, the texts of files, each second.
    """
    _write(counters, folder)
    with started(_CONFIG, folder, rules) as address:
        yield address


@contextmanager
def started(config: str, folder: Path, rules: Sequence[str] = ()) -> Iterator[str]:
    """The `host:port` of one with *config*, which finds *rules* as `*.rules.yml`."""
    (folder / "prometheus.yml").write_text(config)
    for number, text in enumerate(rules):
        (folder / f"{number}.rules.yml").write_text(text)
    with serving(
        folder / "prometheus.log",
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        "--log.level=error",
    ) as address:
        yield address


@contextmanager
def serving(log: Path, *command: str) -> Iterator[str]:
    """The `host:port` of *command*, a server of Prometheus's family; what it says is in *log*."""
    address = f"127.0.0.1:{free_port()}"
    told = [*command, f"--web.listen-address={address}"]
    with running(told, f"http://{address}/-/ready", log):
        yield address


def ask(address: str, path: str, **parameters: str) -> Any:
    """The data of an answer of Prometheus's interface."""
    asked = f"http://{address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(asked, timeout=PATIENCE) as reply:
        return json.load(reply)["data"]


def rows(address: str, expression: str) -> dict[tuple[str, ...], float]:
    """What *expression* returns, by its labels."""
    result = ask(address, "query", query=expression)["result"]
    return {
        tuple(row["metric"][name] for name in _LABELS if name in row["metric"]): float(
            row["value"][1]
        )
        for row in result
    }


def _write(counters: Mapping[str, float], folder: Path) -> None:
    now = int(time.time())  # the later, the longer a rate reaches to the end of its range
    lines = []
    for name in sorted({series.partition("{")[0] for series in counters}):
        lines.append(f"# TYPE {name.removesuffix('_total')} counter")
        for series, total in counters.items():
            if series.startswith(f"{name}{{"):
                lines += (
                    f"{series} {total * step / _STEPS} {now - (_STEPS - step) * _STEP}"
                    for step in range(_STEPS + 1)
                )
    (folder / "metrics").write_text("\n".join([*lines, "# EOF", ""]))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "metrics")]
    subprocess.run([*command, str(folder / "data")], check=True, capture_output=True)
