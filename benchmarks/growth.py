"""
What a report costs as spans become many: its SQL, in DuckDB and in ClickHouse.

The spans are those of a shop: eight to a trace, an entry and its calls in forty functions on ten
routes, one in fifty of which fail. They are made inside DuckDB and handed over as Parquet. Both
databases run in this process: the CPU time is all that the report takes, statistics included.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from aiprov_otel.report.report import build_report
from aiprov_otel.telemetry import sources
from aiprov_otel.telemetry.source import Source
from aiprov_otel.telemetry.store import Store
from support.clickhouse import clickhouse

EIGHTH: Final = "range % 8"
SPANS: Final = f"""
INSERT INTO otel_traces
SELECT
    make_timestamp_ns(1790000000000000000 + (range // 8) * 50000000 + ({EIGHTH}) * 1000000),
    md5((range // 8)::VARCHAR), left(md5('s' || range), 16),
    CASE WHEN {EIGHTH} = 0 THEN '' ELSE left(md5('s' || (range - {EIGHTH})), 16) END,
    '', CASE WHEN {EIGHTH} = 0 THEN 'GET /' || (range // 8 % 10) ELSE 'shop.f' || fn END,
    CASE WHEN {EIGHTH} = 0 THEN 'Server' ELSE 'Internal' END, 'shop',
    MAP {{'service.name': 'shop'}}, 'aiprov', '',
    MAP {{
        'aiprov.origin': CASE WHEN fn % 2 = 0 THEN 'ai' ELSE 'human' END,
        'aiprov.unit': CASE WHEN {EIGHTH} = 0 THEN 'handler' ELSE 'function' END,
        'aiprov.model.name': CASE WHEN fn % 2 = 0 THEN 'claude-opus-4-6' ELSE '' END,
        'aiprov.commit.id': md5('c' || fn), 'aiprov.commit.time': '2026-05-04T10:00:00Z',
        'aiprov.evidence.strength': 'commit', 'aiprov.match': 'exact',
        'code.function.name': 'shop.f' || CASE WHEN {EIGHTH} = 0 THEN 40 + fn % 10 ELSE fn END}},
    CASE WHEN {EIGHTH} = 0 THEN 9000000 ELSE 500000 + hash(range) % 400000 END,
    CASE WHEN failed THEN 'Error' ELSE 'Unset' END, '',
    CASE WHEN failed THEN [make_timestamp_ns(1790000000000000000 + (range // 8) * 50000000)]
        ELSE [] END,
    CASE WHEN failed THEN ['exception'] ELSE [] END,
    CASE WHEN failed THEN [MAP {{
        'exception.type': 'KeyError', 'exception.message': 'k', 'exception.stacktrace': 'Traceback',
        'aiprov.exception.origin': CASE WHEN fn % 2 = 0 THEN 'ai' ELSE 'human' END,
        'code.function.name': 'shop.f' || fn, 'code.file.path': 'shop.py',
        'code.line.number': '7'}}] ELSE [] END,
    [], [], [], []
FROM (
    SELECT
        range, hash(range) % 40 AS fn, {EIGHTH} <> 0 AND hash(range, 'f') % 350 = 0 AS failed
    FROM range($spans)
)
"""  # noqa: S608 (of our own constants)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", type=float, nargs="*", default=[1, 3, 10], help="of spans")
    args = parser.parse_args()
    with clickhouse() as server:
        for millions in args.millions:
            with tempfile.TemporaryDirectory() as folder:
                parquet = _made(Path(folder), int(millions * 1e6))
                _told(f"DuckDB on Parquet, {millions:g} million spans", str(parquet))
                server.load_file(parquet)
                _told(f"ClickHouse, {millions:g} million spans", server.address)


def _made(folder: Path, spans: int) -> Path:
    with Store.open(folder / "spans.duckdb") as store:
        began = time.monotonic()
        store.query(SPANS, {"spans": spans})
        store.export(folder / "spans.parquet")
    (folder / "spans.duckdb").unlink()
    size = (folder / "spans.parquet").stat().st_size / 2**20
    print(f"made {spans:,} spans in {time.monotonic() - began:.0f} s, {size:.0f} MiB of Parquet")
    return folder / "spans.parquet"


def _told(label: str, address: str) -> None:
    began, busy = time.monotonic(), time.process_time()
    with sources.opened(address) as source:
        found = _report(source)
    took, cpu = time.monotonic() - began, time.process_time() - busy
    print(f"{label}: {took:.1f} s, of CPU {cpu:.1f} s; {found}", flush=True)


def _report(source: Source) -> str:
    found = build_report(source)
    arms = ", ".join(f"{arm.origin} {arm.errors:,} in {arm.calls:,}" for arm in found.arms)
    adjusted = found.verdict.adjusted_ratio
    return f"{arms}; {adjusted and f'{adjusted.value:.4f}'}"


if __name__ == "__main__":
    main()
