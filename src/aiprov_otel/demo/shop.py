"""The demo's shop, created as a repository with a real history."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from aiprov_otel.errors import UsageError
from aiprov_otel.history.git.repository import Git

# In .git, because in the work tree it would be an untracked file.
MARKER: Final = Path(".git", "aiprov-demo")

# `git am` makes the user the committer. What a user's configuration could do to a commit (sign it,
# run a hook, change line endings) is off, so that the hashes are the same everywhere.
_CONFIG: Final = {
    "user.name": "Marta Kowalczyk",
    "user.email": "marta@example.org",
    "commit.gpgSign": "false",
    "core.autocrlf": "false",
    "core.hooksPath": ".git/hooks",
    "i18n.commitEncoding": "UTF-8",
    "apply.whitespace": "nowarn",
    "mailinfo.scissors": "false",
}


def lay_out(folder: Path) -> Path:
    """
    Creates the shop as a repository in *folder*, whole or not at all; replaces an earlier demo.

    Raises:
        UsageError: *folder* holds something else, or is not writable.
        HistoryError: git is missing, or failed.
    """
    folder = folder.absolute()
    if reason := _why_not(folder):
        msg = f"{folder} {reason}; name another folder with --dir"
        raise UsageError(msg)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder_beside(folder) as temporary:
            _apply(shop := temporary / "shop")
            if folder.exists():
                shutil.rmtree(folder)
            shop.rename(folder)
    except OSError as error:
        msg = f"can't write {folder}: {error.strerror or error}; name another folder with --dir"
        raise UsageError(msg) from error
    return folder


def patches() -> bytes:
    """The shop's history, oldest first, as input for `git am`."""
    history = files("aiprov_otel.demo").joinpath("data", "history")
    ordered = sorted(history.iterdir(), key=lambda patch: patch.name)
    return b"".join(patch.read_bytes() for patch in ordered)


def _why_not(folder: Path) -> str | None:
    """Returns why *folder* is left alone, or None if the demo may use it."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        return "is not a folder"
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        return "holds files that are not from an earlier demo"
    return None


def _apply(root: Path) -> None:
    root.mkdir()
    git = Git(root)
    git.run("init", "--quiet", "--template=", "--initial-branch=main")
    (root / MARKER).touch()
    for name, value in _CONFIG.items():
        git.run("config", name, value)
    git.run("am", "--quiet", "--committer-date-is-author-date", stdin=patches())


# A process that a signal kept us from recording may still write files.
_TRIES: Final = 30
_PAUSE: Final = 0.1  # seconds


@contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """
    Creates an empty folder next to *target*, and deletes it at the end despite signals.

    Raises:
        OSError: it can't be created.
    """
    # Named before it is created, so that no signal can come between the two.
    folder = target.with_name(f".aiprov-demo-{secrets.token_hex(4)}")
    try:
        folder.mkdir()
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    try:
        for _ in range(_TRIES):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                return
            time.sleep(_PAUSE)
    except KeyboardInterrupt:
        _remove(folder)
        raise
