"""A commit-graph with the paths that each commit changed, beside the repository, for a while."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.repository import Git, has_commits, is_partial

# A blame without it looks at the tree of every commit; writing it does so once. It is thereby
# paid for by the time some thirty files are blamed, however long the history is.
_FILES: Final = 40
_COMMITS: Final = 1_000


@contextlib.contextmanager
def beside(git: Git, head: str, files: int) -> Iterator[None]:
    """
    Let *git* blame so many *files* of the commit *head* with a graph, where that pays.

    It lies in a folder for temporary files; the repository is not written to.
    """
    if files < _FILES or not has_commits(git, _COMMITS) or is_partial(git):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="aiprov-") as folder:
        without = dict(git.variables)
        git.variables |= _elsewhere(git, Path(folder))
        try:
            _write(git, head)
        except HistoryError:  # an old git, a full disk: the answers are the same, later
            git.variables = without
        yield
        git.variables = without


def _elsewhere(git: Git, folder: Path) -> dict[str, str]:
    """Let git write what it writes into *folder*, and read the repository's own as well."""
    own = str(git.directory / "objects").replace("\\", r"\\").replace('"', r"\"")
    return {"GIT_OBJECT_DIRECTORY": str(folder), "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{own}"'}


def _write(git: Git, head: str) -> None:
    how = ("--stdin-commits", "--changed-paths", "--no-progress")
    git.run("commit-graph", "write", *how, stdin=f"{head}\n".encode())
