"""A temporary commit-graph with the paths that each commit changed: it makes blame faster."""

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
_MIN_FILES: Final = 40
_MIN_COMMITS: Final = 1_000


@contextlib.contextmanager
def temporary_graph(git: Git, head: str, files: int) -> Iterator[None]:
    """
    Gives *git* a graph of *head* for the blame of that many *files*, where it pays.

    The graph is in a temporary folder; the repository is not written to.
    """
    if files < _MIN_FILES or not has_commits(git, _MIN_COMMITS) or is_partial(git):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="aiprov-") as folder:
        original = dict(git.variables)
        git.variables |= _object_variables(git, Path(folder))
        try:
            _write(git, head)
        except HistoryError:  # an old git or a full disk: the answers are the same, only slower
            git.variables = original
        yield
        git.variables = original


def _object_variables(git: Git, folder: Path) -> dict[str, str]:
    """Makes git write objects into *folder*, and read the repository's own as well."""
    own = str(git.directory / "objects").replace("\\", r"\\").replace('"', r"\"")
    return {"GIT_OBJECT_DIRECTORY": str(folder), "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{own}"'}


def _write(git: Git, head: str) -> None:
    options = ("--stdin-commits", "--changed-paths", "--no-progress")
    git.run("commit-graph", "write", *options, stdin=f"{head}\n".encode())
