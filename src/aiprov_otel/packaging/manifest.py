"""The manifest of a project that is being packaged: from git, or kept in a source distribution."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aiprov_otel.errors import HistoryError, ManifestError
from aiprov_otel.files import read_regular, write_whole
from aiprov_otel.history.build import build
from aiprov_otel.manifest import FILE_NAME, Manifest


def provide(project: Path, target: Path) -> str | None:
    """
    Writes the manifest of *project* to *target*; returns the reason if there is none.

    A source distribution has no history, but carries its manifest.

    Raises:
        PolicyError: `[tool.aiprov]` holds an invalid value.
        AiprovError: *target* can't be written.
    """
    if not (project / "PKG-INFO").is_file():
        try:
            if build(project, target, paths=[project]).files:
                return None
            reason = f"git tracks no Python file in {project}"
        except HistoryError as error:
            reason = str(error)
    else:
        reason = f"this source distribution carries no {FILE_NAME}"
    if (carried := next(_find_carried(project), None)) is None:
        return reason
    if carried != target:
        write_whole(target, read_regular(carried), 0o644)
    return None


def _find_carried(project: Path) -> Iterator[Path]:
    """The valid manifests that a back end put into the source distribution."""
    for pattern in (FILE_NAME, f"*.egg-info/{FILE_NAME}", f"*/*.egg-info/{FILE_NAME}"):
        for path in sorted(project.glob(pattern)):
            try:
                Manifest.load(path)
            except ManifestError:
                continue
            yield path
