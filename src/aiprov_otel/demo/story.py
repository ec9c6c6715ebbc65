"""What the demo tells besides the report: what it made, where the data lies, what to type next."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aiprov_otel.demo.service import LOG
from aiprov_otel.manifest.locate import FOLDER
from aiprov_otel.telemetry.workdir import MANIFEST, STORE

if TYPE_CHECKING:
    from aiprov_otel.history.build import Summary
    from aiprov_otel.report.report import Report


def made(folder: Path, summary: Summary) -> str:
    """The repository, and who wrote its lines."""
    shares = ", ".join(f"{count} {origin}" for origin, count in sorted(summary.origins.items()))
    return f"{shown(folder)}: a small shop with its git history, {summary.lines} lines ({shares})"


def answered(answers: Mapping[int, int], seconds: float) -> str:
    """What the load got for answers."""
    counts = ", ".join(f"{count:,} with {status}" for status, count in sorted(answers.items()))
    return f"{Counter(answers).total():,} requests in {seconds:.0f} s, answered {counts}"


def ending(folder: Path, report: Report) -> Iterator[str]:
    """Where the data lies, and commands that go on from here."""
    folder = shown(folder)
    yield "Where the data lies"
    yield from _columns(
        {
            str(folder / STORE): "every span, in DuckDB",
            str(folder / MANIFEST): "who wrote each line; a zip of JSON",
            str(folder / FOLDER / LOG): "what the shop printed",
        }
    )
    yield ""
    yield "What to type next"
    yield f"  cd {shlex.quote(str(folder))}"
    yield from (f"  {line}" for line in _commands(report))


def shown(folder: Path) -> Path:
    """*folder* as a person in the working directory would write it."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _columns(rows: Mapping[str, str]) -> Iterator[str]:
    width = max(map(len, rows))
    yield from (f"  {left:<{width}}  {right}" for left, right in rows.items())


def _commands(report: Report) -> Iterator[str]:
    aiprov = _aiprov()
    yield f"{aiprov} report --html report.html"
    for one in _one_of_each_origin(report):
        yield f"{aiprov} explain {one}"
    yield f"{aiprov} blame src/shop/pricing.py"
    yield f"{aiprov} stats --by model"
    yield f"{aiprov} run -- uvicorn --app-dir src shop.app:app"


def _one_of_each_origin(report: Report) -> Iterator[str]:
    """For each origin, the line that raised most errors."""
    places: dict[str, str] = {}
    for one in report.exceptions:
        if one.path and one.line:
            places.setdefault(one.origin, f"{one.path}:{one.line}")
    yield from places.values()


def _aiprov() -> str:
    """How to type the command: by its name where the shell finds it, else by its path."""
    beside = Path(sys.executable).with_name("aiprov")
    found = shutil.which("aiprov")
    if found and Path(found).samefile(beside):
        return "aiprov"
    if beside.exists():
        return shlex.quote(str(beside))
    return f"{shlex.quote(sys.executable)} -m aiprov_otel"
