"""
Writes benchmarks/RESULTS.md: hot paths, growth, requests, peers, in instructions, with versions.

    python benchmarks/results.py

It needs valgrind, and takes a quarter of an hour on an idle machine.
"""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import curves
import hot_paths
import peers
import service
from services import SERVICES

OUTPUT = Path(__file__).with_name("RESULTS.md")
PACKAGES = (
    *("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http", "protobuf"),
    *("opentelemetry-instrumentation", "fastapi", "uvicorn", "flask", "sqlalchemy", "django"),
)


def main() -> None:
    """Measure and write."""
    OUTPUT.write_text("\n".join(lines()) + "\n")


def lines() -> Iterator[str]:
    """The page."""
    tool = subprocess.check_output(["valgrind", "--version"], text=True).strip()
    yield "# Results"
    yield ""
    yield f"Written by `benchmarks/results.py`, with CPython {platform.python_version()}, {tool}."
    yield "All numbers are instructions, so a busy machine does not change them."
    yield f"{', '.join(f'{name} {version(name)}' for name in PACKAGES)}."
    yield ""
    yield "## Hot paths"
    yield ""
    yield f"1.00 is {hot_paths.BARE}, not exported."
    yield ""
    yield "| path | x |"
    yield "| --- | --- |"
    for name, ratio in hot_paths.ratios().items():
        yield f"| {name} | {ratio:.2f} |"
    yield ""
    yield "## Growth"
    yield ""
    yield "One call, not exported, in a process with aiprov-otel and in one where it is disabled."
    yield ""
    yield from curves.lines()
    yield ""
    yield "## Requests"
    yield ""
    yield "Throughput with aiprov-otel against without, the export of all spans included. The last"
    yield "two are what provenance itself costs: on both sides the SDK encodes and cleans, or we."
    yield ""
    yield "| service | requests | without, thousands | with | by the SDK | by us |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name in SERVICES:
        for load, costs in service.measured(name).items():
            bare, full = costs[service.WITHOUT], costs[service.WITH]
            ratios = bare / full, bare / costs[service.LONG], costs[service.SHORT] / full
            yield (
                f"| {name} | {load} | {bare / 1000:,.0f} | "
                f"{' | '.join(f'{ratio:.3f}' for ratio in ratios)} |"
            )
    yield ""
    yield "## Peers"
    yield ""
    yield "A traced call, not exported; 1.00 is a span of plain OpenTelemetry."
    yield ""
    yield "| with | version | x |"
    yield "| --- | --- | --- |"
    for name, (release, ratio) in peers.ratios().items():
        yield f"| {name} | {release} | {ratio:.2f} |"


if __name__ == "__main__":
    main()
