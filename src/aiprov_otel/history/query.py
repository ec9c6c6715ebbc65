"""Who answers: the manifest that was named, one that is up to date, or git."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.history import by_git, by_manifest
from aiprov_otel.history.answer import FileAnswer, TreeAnswer
from aiprov_otel.history.asked import Asked
from aiprov_otel.history.blame.files import Progress
from aiprov_otel.history.check import compare
from aiprov_otel.history.effective_policy import folder_of, terms, within
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.moves import Moves
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.stacktrace.frames import Known


def of_file(
    path: Path, manifest: Path | None, *, history: bool = False, moves: Moves | None = None
) -> FileAnswer:
    """
    The lines of the file at *path*: by *manifest*, or by one that is up to date, or by git.

    With *history*, git is preferred to a manifest that was only found.

    Raises:
        HistoryError: git does not know the file.
        ManifestError: *manifest* does not hold the file as it is.
        UsageError: it is a folder.
    """
    if manifest:
        return by_manifest.of_file(Manifest.load(manifest), path)
    if not path.parent.is_dir() or not path.exists():
        msg = f"there is no file {path}"
        raise HistoryError(msg)
    if path.is_dir():
        msg = (
            f"{path} is a folder; name a file in it, or count all of it with `aiprov stats {path}`"
        )
        raise UsageError(msg)
    git = Git.open(path.parent)
    policy = terms(git, moves=moves)
    found = None if history else by_manifest.current(git, policy)
    if found and (answer := by_manifest.held(found, path, git)):
        return answer
    return by_git.of_file(git, policy, path)


def of_tree(
    paths: Sequence[Path], manifest: Path | None, progress: Progress | None = None
) -> TreeAnswer:
    """Every file below *paths*, by default all, and who says so: as `of_file` decides it."""
    if manifest:
        return by_manifest.of_part(Manifest.load(manifest), paths)
    git = Git.open(folder_of(paths))
    policy = terms(git, paths=within(git, paths))
    found = by_manifest.current(git, policy)
    if found and compare(git, policy, found).matches:
        return by_manifest.of_tree(found, policy)
    return by_git.of_tree(git, policy, progress)


def of_names(start: Path, manifest: Path | None) -> tuple[Known[Any], str]:
    """What knows files by the names that they were deployed under, and who that is."""
    if manifest:
        loaded = Manifest.load(manifest)
        return loaded, f"{manifest}, built from {(loaded.revision or 'no commit')[:9]}"
    try:
        git = Git.open(start)
    except HistoryError as error:
        if found := by_manifest.beside(start):
            return of_names(start, found)
        msg = (
            f"there is neither a git repository nor an {FILE_NAME} in {start.absolute()}; give the "
            "manifest that was deployed with --manifest"
        )
        raise HistoryError(msg) from error
    policy = terms(git)
    return Asked(git, policy), f"git, as of {git.head()[:9]}"
