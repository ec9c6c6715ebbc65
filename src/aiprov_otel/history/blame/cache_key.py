"""The secret that authenticates the cache: only what this user wrote is believed."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from aiprov_otel import settings
from aiprov_otel.errors import UsageError
from aiprov_otel.files import make_folder, read_regular, write_whole

_NAME: Final = "cache.key"
_BYTES: Final = 32
_SHORTEST: Final = 32  # characters of the variable: a short one can be guessed


def load_key() -> bytes | None:
    """
    The key: of `AIPROV_CACHE_KEY`, else of the user's state folder, where it is made once.

    None where it can't be kept, or where others than the user can read it.

    Raises:
        UsageError: the variable is too short to be a secret.
    """
    if variable := settings.cache_key():
        if len(variable) < _SHORTEST:
            msg = (
                f"AIPROV_CACHE_KEY has {len(variable)} characters and needs {_SHORTEST}; "
                "set it to what `openssl rand -hex 32` prints"
            )
            raise UsageError(msg)
        return variable.encode("utf-8", "surrogateescape")
    folder = settings.state_folder()
    if folder is None:
        return None
    try:
        return _read(folder / _NAME) or _make(folder)
    except OSError:
        return None


def _read(path: Path) -> bytes | None:
    """The key at *path*; None where there is none, or none that is only ours."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    private = stat.S_ISREG(status.st_mode) and not status.st_mode & 0o077
    if not private or status.st_uid != os.getuid():
        return None
    key = read_regular(path, _BYTES)
    return key if len(key) == _BYTES else None


def _make(folder: Path) -> bytes | None:
    make_folder(folder, 0o700)
    write_whole(folder / _NAME, secrets.token_bytes(_BYTES))
    return _read(folder / _NAME)  # of two builds at once, both use the key that was written last
