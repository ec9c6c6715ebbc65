"""Another commit than the one that is checked out, laid out beside the work tree."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.effective_policy import IGNORE_REVS_FILE
from aiprov_otel.history.git.repository import Git

# What an answer depends on beside the Python files.
_NAMES: Final = ("pyproject.toml", IGNORE_REVS_FILE, ".gitattributes")


@contextmanager
def at(git: Git, revision: str | None) -> Iterator[Git]:
    """
    *git* as if *revision* were checked out; *git* itself where that is None.

    Its index and its work tree are temporary: those of the user are neither read nor written.

    Raises:
        HistoryError: *revision* is no commit.
    """
    if revision is None:
        yield git
        return
    commit = commit_of(git, revision)
    directory = os.fsdecode(git.run("rev-parse", "--absolute-git-dir").removesuffix(b"\n"))
    with tempfile.TemporaryDirectory(prefix="aiprov-") as folder:
        root = Path(os.path.realpath(folder), "tree")
        root.mkdir()
        variables = {
            "GIT_DIR": directory,
            "GIT_WORK_TREE": str(root),
            "GIT_INDEX_FILE": str(root.with_name("index")),
        }
        there = Git(root, commit, variables)
        there.run("read-tree", commit)
        there.run("checkout-index", "-z", "--stdin", "--force", stdin=_wanted(there))
        yield there


def commit_of(git: Git, revision: str) -> str:
    """
    The full hash of the commit that *revision* names.

    Raises:
        HistoryError: it names none.
    """
    try:
        found = git.run("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    except HistoryError as error:
        msg = f"{revision!r} is no commit of {git.root}; look for it with `git log`, or fetch it"
        raise HistoryError(msg) from error
    return found.decode("ascii").strip()


def _wanted(git: Git) -> bytes:
    """The files that are read, and every symlink, as one may lead to a Python file."""
    entries = (entry.partition(b"\t") for entry in git.index().split(b"\0") if entry)
    names = [os.fsencode(name) for name in _NAMES]
    return b"".join(
        path + b"\0"
        for about, _, path in entries
        if path.endswith(b".py") or path.rpartition(b"/")[2] in names or about.startswith(b"120000")
    )
