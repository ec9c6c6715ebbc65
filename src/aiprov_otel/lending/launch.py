"""Prepares the environment in which a command starts instrumented, and reads what it tells."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from aiprov_otel.lending import survey
from aiprov_otel.lending.room import Room, lend
from aiprov_otel.lending.survey import Survey

BOOTSTRAP: Final = Path(__file__).with_name("bootstrap")

Event = Mapping[str, Any]


class Run:
    """A folder that a command's processes find, and report to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = 0

    def prepare(
        self, variables: Mapping[str, str], endpoint: str | None, lent: tuple[Survey, Room] | None
    ) -> dict[str, str]:
        """
        Returns *variables* with those that instrument each Python that is started with them.

        Spans go to *endpoint*, or only where *variables* say. *lent* is the interpreter of the
        command with what it gets: others stand aside. None if nobody knows it: each asks when it
        starts.
        """
        path = variables.get("PYTHONPATH", "")
        document = {
            "endpoint": endpoint,
            "prefix": lent[0].prefix if lent else None,
            "room": asdict(lent[1]) if lent else None,
            "lender": {"command": [sys.executable, "-m", "aiprov_otel.lending"], "path": path},
        }
        (self._folder / "run.json").write_text(json.dumps(document), "utf-8")
        return {
            **(_without_otlp(variables) if endpoint else variables),
            "AIPROV_RUN": str(self._folder),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(BOOTSTRAP), path])),
        }

    def events(self) -> list[Event]:
        """What the processes have told since the last call."""
        try:
            with (self._folder / "events").open("rb") as file:
                file.seek(self._read)
                text = file.read()
        except FileNotFoundError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return [json.loads(line) for line in whole.splitlines()]


def _without_otlp(variables: Mapping[str, str]) -> dict[str, str]:
    """*variables* without OpenTelemetry's exporter, in whose place a process gets one of ours."""
    name = "OTEL_TRACES_EXPORTER"
    others = [each for each in variables.get(name, "").split(",") if each not in {"", "otlp"}]
    return {**variables, name: ",".join(others) or "none"}


@contextmanager
def new_run() -> Iterator[Run]:
    """Yields a run, whose folder ends with the block."""
    with tempfile.TemporaryDirectory(prefix="aiprov-run-") as folder:
        yield Run(Path(folder))


def lend_to(
    interpreter: str, variables: Mapping[str, str], tell: Callable[[str], None]
) -> tuple[Survey, Room]:
    """
    Returns *interpreter* with the packages that it lacks.

    Raises:
        NotLent: they can't be lent.
        UsageError: it does not start.
    """
    about = survey.survey(interpreter, variables)
    return about, lend(about, variables, tell)
