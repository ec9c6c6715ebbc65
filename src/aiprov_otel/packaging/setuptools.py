"""The hook of setuptools: for projects whose `build-system.requires` names aiprov-otel."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Protocol

_NAME = re.compile(r"\s*aiprov[-_.]+otel\b", re.IGNORECASE)


class Command(Protocol):
    """The part of setuptools' `egg_info` that is used here."""

    distribution: Any

    def warn(self, msg: str) -> None:
        """Shows *msg* in the output of the build."""


def write(command: Command, basename: str, filename: str) -> None:
    """
    Writes the manifest beside the other metadata, which each distribution includes.

    Setuptools calls this for every project that it packages if aiprov-otel is installed.
    """
    project = Path.cwd()
    if not _requires_us(project) or _editable(command):
        return
    from aiprov_otel.packaging.manifest import provide

    if reason := provide(project, Path(filename).absolute()):
        command.warn(f"no {basename} in this package: {reason}")


def _requires_us(project: Path) -> bool:
    try:
        document = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    requires = document.get("build-system", {}).get("requires", [])
    return any(_NAME.match(str(requirement)) for requirement in requires)


def _editable(command: Command) -> bool:
    """Whether the installation is editable: its manifest would soon be out of date."""
    distribution = command.distribution
    return distribution.get_command_obj("editable_wheel", create=False) is not None
