"""A commit-graph with the paths that each commit changed, beside the repository, for a while."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git import Git

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
    if files < _FILES or not git.has_commits(_COMMITS) or git.partial():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="aiprov-") as folder:
        with contextlib.suppress(HistoryError):  # without it the answers are the same, later
            git.write_graph(Path(folder), head)
        yield
        git.forget_graph()
