"""Prepares the environment in which a command starts instrumented, and reads its events."""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from aiprov_otel.attributes import RUN_ID
from aiprov_otel.lending.room import Room
from aiprov_otel.lending.survey import Survey

BOOTSTRAP: Final = Path(__file__).with_name("bootstrap")

Event = Mapping[str, Any]


class Run:
    """
    A folder that a command's processes find, and report to.

    Attributes:
        id: on the resource of its spans, to distinguish it from other runs.
    """

    def __init__(self, folder: Path) -> None:
        self.id = secrets.token_hex(4)
        self._folder = folder
        self._read = 0

    def prepare(
        self, variables: Mapping[str, str], endpoint: str | None, lent: tuple[Survey, Room] | None
    ) -> dict[str, str]:
        """
        Returns *variables* with those that instrument each Python that is started with them.

        Spans go to *endpoint*, or only where *variables* send them. *lent* is the interpreter of
        the command with what it gets: others get nothing. None if that is unknown: each asks when
        it starts.
        """
        path = variables.get("PYTHONPATH", "")
        lender = [sys.executable, "-P", "-m", "aiprov_otel.lending"]
        document = {
            "endpoint": endpoint,
            "prefix": lent[0].prefix if lent else None,
            "room": asdict(lent[1]) if lent else None,
            "lender": {"command": lender, "path": path},
        }
        (self._folder / "run.json").write_text(json.dumps(document), "utf-8")
        return {
            **(self._own(variables) if endpoint else variables),
            "AIPROV_RUN": str(self._folder),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(BOOTSTRAP), path])),
        }

    def _own(self, variables: Mapping[str, str]) -> dict[str, str]:
        """
        *variables* with the id of this run on the resource, and without OpenTelemetry's exporter.

        A process gets one of ours instead.
        """
        exporters = variables.get("OTEL_TRACES_EXPORTER", "").split(",")
        others = [each for each in exporters if each not in {"", "otlp"}]
        resource = variables.get("OTEL_RESOURCE_ATTRIBUTES", "")
        return {
            **variables,
            "OTEL_TRACES_EXPORTER": ",".join(others) or "none",
            "OTEL_RESOURCE_ATTRIBUTES": ",".join(filter(None, [resource, f"{RUN_ID}={self.id}"])),
        }

    def events(self) -> list[Event]:
        """The events that the processes have reported since the last call."""
        try:
            with (self._folder / "events").open("rb") as file:
                file.seek(self._read)
                text = file.read()
        except FileNotFoundError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return [json.loads(line) for line in whole.splitlines()]


@contextmanager
def new_run() -> Iterator[Run]:
    """Yields a run, whose folder ends with the block."""
    with tempfile.TemporaryDirectory(prefix="aiprov-run-") as folder:
        yield Run(Path(folder))
