"""The staged shop in servers that can be asked."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pictures.results import Results
from pictures.staged import Shop, shop
from support.clickhouse import clickhouse
from support.prometheus import started


@contextmanager
def results() -> Iterator[Results]:
    """What there is to ask about six hours of the shop that end now."""
    sent = shop()
    with tempfile.TemporaryDirectory() as folder, clickhouse() as spans:
        lines = "\n".join(json.dumps(row) for row in sent.spans)
        to = {"database": "otel", "default_format": "JSONEachRow"}
        spans.query(f"INSERT INTO otel_traces FORMAT JSONEachRow {lines}", to)
        _store(sent, Path(folder))
        with started("{}", Path(folder)) as address:
            yield Results(address, spans, sent)


def _store(sent: Shop, folder: Path) -> None:
    """Write the metrics as blocks of Prometheus."""
    (folder / "metrics").write_text("\n".join([*sent.metrics(), "# EOF", ""]))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "metrics")]
    subprocess.run([*command, str(folder / "data")], check=True, capture_output=True)
