"""An answer: who wrote the lines of a file, or of many, and who says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.git import objects
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.manifest import SourceFile

GIT: Final = "git"
"""Who says so, where no manifest does."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stood when it was written: in *commit*, as *line* (1-based) of *path*."""

    commit: str
    path: str
    line: int


@dataclass(frozen=True)
class FileAnswer:
    """
    Who wrote the lines of one file.

    Attributes:
        file: the lines.
        content: what is in the file.
        said_by: `git`, or the path of the manifest.
        decisions: one a line, where git was asked; empty for a manifest.
        places: where each line comes from, likewise.
        problem: why git could not say whose the lines are.
        policy: by which it was decided.
        git: that was asked; None for a manifest.
    """

    file: SourceFile
    content: bytes
    said_by: str
    decisions: tuple[Decision, ...] = ()
    places: tuple[Place, ...] = ()
    problem: str | None = None
    policy: Policy = field(default_factory=Policy)
    git: Git | None = None

    def commit(self, name: str) -> Commit | None:
        """The commit *name*, if git was asked and has it."""
        return objects.parse_batch(self.git.objects([name])).get(name) if self.git else None


@dataclass(frozen=True)
class TreeAnswer:
    """
    Who wrote the lines of many files.

    Attributes:
        sources: the files, sorted by path.
        said_by: `git`, or the path of the manifest.
        revision: full hash of the commit that it is about.
        repository_url: of the forge, without credentials; None where there is no remote.
        policy: by which it was decided.
    """

    sources: Sequence[SourceFile]
    said_by: str
    revision: str | None
    repository_url: str | None
    policy: dict[str, Any]
