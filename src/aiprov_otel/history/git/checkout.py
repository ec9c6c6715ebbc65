"""A commit that is not checked out, laid out in a temporary work tree."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.repository import IGNORE_REVS_FILE, Git

# The files that an answer depends on, beside Python's.
_NAMES: Final = (b"pyproject.toml", IGNORE_REVS_FILE.encode(), b".gitattributes")


@contextmanager
def temporary_checkout(git: Git, revision: str | None) -> Iterator[Git]:
    """
    *git* as if *revision* were checked out; *git* itself where *revision* is None.

    The index and the work tree are temporary: the user's are neither read nor written.

    Raises:
        HistoryError: *revision* is not a commit.
    """
    if revision is None:
        yield git
        return
    commit = resolve_commit(git, revision)
    directory = os.fsdecode(git.run("rev-parse", "--absolute-git-dir").removesuffix(b"\n"))
    with tempfile.TemporaryDirectory(prefix="aiprov-") as folder:
        root = Path(os.path.realpath(folder), "tree")
        root.mkdir()
        variables = {
            "GIT_DIR": directory,
            "GIT_WORK_TREE": str(root),
            "GIT_INDEX_FILE": str(root.with_name("index")),
        }
        temporary = Git(root, commit, variables)
        temporary.online = git.online
        temporary.run("read-tree", commit)
        wanted = _wanted_paths(temporary)
        temporary.run("checkout-index", "-z", "--stdin", "--force", stdin=wanted)
        yield temporary


def resolve_commit(git: Git, revision: str) -> str:
    """
    The full hash of the commit that *revision* names.

    Raises:
        HistoryError: it names none.
    """
    try:
        output = git.run("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    except HistoryError as error:
        msg = f"{revision!r} is not a commit of {git.root}; look for it with `git log`, or fetch it"
        raise HistoryError(msg) from error
    return output.decode("ascii").strip()


def _wanted_paths(git: Git) -> bytes:
    """The files that are read, and every symlink, as one may lead to a Python file."""
    entries = (entry.partition(b"\t") for entry in git.index().split(b"\0") if entry)
    return b"".join(
        path + b"\0"
        for mode, _, path in entries
        if path.endswith((b".py", b".pyw"))
        or path.rpartition(b"/")[2] in _NAMES
        or mode.startswith(b"120000")
    )
