"""The hook of setuptools: for projects whose `build-system.requires` names aiprov-otel."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Protocol

_NAME = re.compile(r"\s*aiprov[-_.]+otel\b", re.IGNORECASE)


class Command(Protocol):
    """As much of setuptools' `egg_info` as is asked for here."""

    distribution: Any

    def warn(self, msg: str) -> None:
        """Say *msg* where the build is watched."""


def write(command: Command, basename: str, filename: str) -> None:
    """
    Write the manifest beside the other metadata, from where each distribution takes it.

    Setuptools calls this for every project that it packages where aiprov-otel is installed.
    """
    project = Path.cwd()
    if not _asked_for(project) or _editable(command):
        return
    from aiprov_otel.packaging.manifest import provide

    if reason := provide(project, Path(filename).absolute()):
        command.warn(f"no {basename} in this package: {reason}")


def _asked_for(project: Path) -> bool:
    try:
        document = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    requires = document.get("build-system", {}).get("requires", [])
    return any(_NAME.match(str(requirement)) for requirement in requires)


def _editable(command: Command) -> bool:
    """Whether the sources stay where they are: a manifest would be out of date in a minute."""
    distribution = command.distribution
    return distribution.get_command_obj("editable_wheel", create=False) is not None
