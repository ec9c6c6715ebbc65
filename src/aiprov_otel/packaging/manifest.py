"""The manifest of a project that is being packaged: from git or, in a source distribution, kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aiprov_otel.errors import HistoryError, ManifestError
from aiprov_otel.files import read_regular, write_whole
from aiprov_otel.history.build import build
from aiprov_otel.manifest import FILE_NAME, Manifest


def provide(project: Path, target: Path) -> str | None:
    """
    Write the manifest of the *project* in that folder to *target*; say why, where there is none.

    A source distribution has no history: its manifest is the one that was put into it.

    Raises:
        PolicyError: `[tool.aiprov]` holds a value that can't be.
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
    if (kept := next(_kept(project), None)) is None:
        return reason
    if kept != target:
        write_whole(target, read_regular(kept), 0o644)
    return None


def _kept(project: Path) -> Iterator[Path]:
    """The manifests that a back end put into the source distribution, and that are whole."""
    for pattern in (FILE_NAME, f"*.egg-info/{FILE_NAME}", f"*/*.egg-info/{FILE_NAME}"):
        for path in sorted(project.glob(pattern)):
            try:
                Manifest.load(path)
            except ManifestError:
                continue
            yield path
