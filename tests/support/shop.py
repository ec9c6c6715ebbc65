"""The shop of the demo as a service that is deployed: built from its history, and run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiprov_otel.demo import service
from aiprov_otel.history.build import build
from aiprov_otel.history.git.repository import Git
from aiprov_otel.telemetry.launch import environment

_METRICS: Final = {
    "AIPROV_PACKAGES": "shop=metrics",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_METRIC_EXPORT_INTERVAL": "1000",  # milliseconds
}


@contextmanager
def deployed(
    repository: Path, endpoint: str, others: Mapping[str, str] | None = None
) -> Iterator[str]:
    """
    The address of the shop in *repository*, which sends spans and metrics to *endpoint*.

    It has the variables *others* too, whatever else they would be.
    """
    manifest = build(repository, repository.with_name("aiprov.manifest")).path
    variables = environment(
        {**os.environ, **_METRICS}, endpoint=endpoint, manifest=manifest, folder=Path("shop")
    )
    variables |= others or {}
    with service.run_shop(repository, variables, repository.with_name("shop.log")) as address:
        yield address


def commit(repository: Path, path: str, old: str, new: str, message: str) -> str:
    """Write *new* for *old* in a file of *repository*, by one who signs with *message*; its id."""
    file = repository / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    git = Git(repository)
    git.run("commit", "--quiet", "--all", f"--message={message}")
    return git.run("rev-parse", "HEAD").decode().strip()
