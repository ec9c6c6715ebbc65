"""A folder in which something is made before it is moved to its place."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
        shutil.rmtree(folder, ignore_errors=True)
    except KeyboardInterrupt:
        _remove(folder)
        raise
