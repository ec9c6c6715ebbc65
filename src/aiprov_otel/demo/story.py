"""What the demo prints besides the report: what it created, where the data is, what to run next."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aiprov_otel.demo.service import LOG
from aiprov_otel.format import quantity
from aiprov_otel.manifest.locate import FOLDER
from aiprov_otel.telemetry.workdir import MANIFEST, STORE

if TYPE_CHECKING:
    from aiprov_otel.history.build import Summary
    from aiprov_otel.report.report import Report


def describe_shop(folder: Path, summary: Summary) -> str:
    """The repository, and the origins of its lines."""
    counts = ", ".join(f"{count} {origin}" for origin, count in sorted(summary.origins.items()))
    size = quantity(summary.lines, "line")
    return f"{display_path(folder)}: a small shop with its git history, {size} ({counts})"


def describe_answers(answers: Mapping[int, int], seconds: float) -> str:
    """The number of requests, and the answers by status."""
    counts = ", ".join(f"{count:,} with {status}" for status, count in sorted(answers.items()))
    return f"{Counter(answers).total():,} requests in {seconds:.0f} s, answers: {counts}"


def describe_next(folder: Path, report: Report) -> Iterator[str]:
    """Where the data is, and the commands to run next."""
    folder = display_path(folder)
    yield "Where the data is"
    yield from _columns(
        {
            str(folder / STORE): "every span, in DuckDB",
            str(folder / MANIFEST): "the origin of each line",
            str(folder / FOLDER / LOG): "the output of the shop",
        }
    )
    yield ""
    yield "What to run next"
    yield f"  cd {shlex.quote(str(folder))}"
    yield from (f"  {line}" for line in _commands(report))


def display_path(folder: Path) -> Path:
    """*folder*, relative to the working directory if it is below it."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _columns(rows: Mapping[str, str]) -> Iterator[str]:
    width = max(map(len, rows))
    yield from (f"  {left:<{width}}  {right}" for left, right in rows.items())


def _commands(report: Report) -> Iterator[str]:
    aiprov = _aiprov()
    yield f"{aiprov} report --html report.html"
    for place in _place_of_each_origin(report):
        yield f"{aiprov} explain {place}"
    yield f"{aiprov} blame src/shop/pricing.py"
    yield f"{aiprov} stats --by model"
    yield f"{aiprov} run -- uvicorn --app-dir src shop.app:app"


def _place_of_each_origin(report: Report) -> Iterator[str]:
    """The line that raised most errors, for each origin."""
    places: dict[str, str] = {}
    for raised in report.exceptions:
        if raised.path and raised.line:
            places.setdefault(raised.origin, f"{raised.path}:{raised.line}")
    yield from places.values()


def _aiprov() -> str:
    """The command as typed: its name if the shell finds it, else its path."""
    beside = Path(sys.executable).with_name("aiprov")
    program = shutil.which("aiprov")
    if program and Path(program).samefile(beside):
        return "aiprov"
    if beside.exists():
        return shlex.quote(str(beside))
    return f"{shlex.quote(sys.executable)} -m aiprov_otel"
