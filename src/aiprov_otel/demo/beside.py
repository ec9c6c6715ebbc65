"""A folder in which something is made before it is moved to its place."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# A process that a signal kept us from knowing of goes on writing until it misses its files.
_TRIES: Final = 30
_PAUSE: Final = 0.1  # seconds


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """
    An empty folder next to *target*, gone at the end, however often a signal interrupts.

    Raises:
        OSError: it can't be made.
    """
    # It has its name before it is made: nothing comes in between that only one of both knows.
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
