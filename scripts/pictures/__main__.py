"""
Draw what the dashboards show of a staged incident, from the real results of their queries.

    python -m pictures FOLDER

writes a PNG for each dashboard over the Collector's metrics, ours, and ClickHouse; those over
Tempo's metrics look the same. Where there is no `tempo`, panels that ask it show their query.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from PIL import Image

from aiprov_otel.backends import texts
from pictures.draw import page
from pictures.results import Results
from pictures.staged import Shop, shop
from pictures.traces import counted, send
from support import tempo
from support.clickhouse import clickhouse
from support.prometheus import started
from support.waiting import until

FAILED = "{ status = error } | count_over_time() by (resource.service.name)"
"""What Tempo counts of the traces that it was sent."""


def main(folder: Path) -> None:
    """Draw all of them into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    with results(shop()) as found:
        for name, text in texts().items():
            if name.startswith("grafana/") and name.endswith(".json") and "-tempo" not in name:
                drawn, high = page(json.loads(text), found)
                photograph(drawn, high, folder / f"{Path(name).stem}.png")


@contextmanager
def results(sent: Shop) -> Iterator[Results]:
    """What there is to ask, with all that was *sent*."""
    with tempfile.TemporaryDirectory() as folder, clickhouse() as spans:
        lines = "\n".join(json.dumps(row) for row in sent.spans)
        to = {"database": "otel", "default_format": "JSONEachRow"}
        spans.query(f"INSERT INTO otel_traces FORMAT JSONEachRow {lines}", to)
        store(sent, Path(folder))
        with ExitStack() as stack:
            address = stack.enter_context(started("{}", Path(folder)))
            traces = None
            if not tempo.why_not():
                taking, traces = stack.enter_context(tempo.tempo(Path(folder), address))
                number = send(sent.spans, taking)
                until(partial(all_count, traces, number), f"Tempo counts {number} failures")
            yield Results(address, spans, traces)


def all_count(traces: str, number: int) -> bool:
    """Whether the Tempo at *traces* counts that *number* of failures."""
    return sum(each for _, each in counted(traces, FAILED)) == number


def store(sent: Shop, folder: Path) -> None:
    """The metrics as blocks of Prometheus."""
    (folder / "metrics").write_text("\n".join([*sent.metrics(), "# EOF", ""]))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "metrics")]
    subprocess.run([*command, str(folder / "data")], check=True, capture_output=True)


def photograph(drawn: str, high: int, to: Path) -> None:
    """The page as Chromium shows it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(drawn)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}"]
        shot = [f"--screenshot={to}", f"--window-size=1208,{high}", "--hide-scrollbars"]
        command = ["chromium", *flags, *shot, source.as_uri()]
        subprocess.run(command, check=True, capture_output=True)
    Image.open(to).convert("RGB").quantize(192, kmeans=2).save(to, optimize=True)
    print(f"{to}: {to.stat().st_size // 1_000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
