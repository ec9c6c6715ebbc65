"""DuckDB's errors about a store, as one line that suggests a fix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from aiprov_otel.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

QUERY_LIMIT: Final = 120.0
"""Seconds that a query of a reader may take."""


class RowError(StoreError):
    """A row holds what the store can't take."""


class StoreHeld(StoreError):
    """Another process has the store open for writing."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns DuckDB's errors about its file into one line that suggests a fix."""
    import duckdb

    try:
        yield
    except duckdb.ConnectionException as error:
        msg = f"the store {path} was closed: try again"
        raise StoreError(msg) from error
    except duckdb.InterruptException as error:
        msg = (
            f"a query of the store {path} took more than {QUERY_LIMIT:g} seconds, or the receiver "
            "ended: report fewer days with --days, or keep less with --keep-days"
        )
        raise StoreError(msg) from error
    except (duckdb.CatalogException, duckdb.BinderException, duckdb.ParserException):
        raise  # these are about our SQL
    except (duckdb.Error, OSError) as error:
        kind = StoreHeld if _LOCKED in str(error) else StoreError
        raise kind(_advice(path, str(error))) from error


def _advice(path: Path, problem: str) -> str:
    if not path.parent.is_dir():
        return f"the folder of the store {path} is missing: create it, or name another with --store"
    for reason, advice in _ADVICE.items():
        if reason in problem:
            return f"the store {path} {advice}"
    problem = first_line(problem)
    return f"the store {path} can't be used ({problem}): move it away, or name another with --store"


_LOCKED: Final = "Could not set lock"
_ADVICE: Final = {
    _LOCKED: (
        "is held by another process. If that is a receiver, use "
        "`aiprov report --from http://127.0.0.1:4318`; or name another store with --store"
    ),
    "not a valid DuckDB database": (
        "is not a DuckDB file: move it away, or name another with --store"
    ),
    "has been invalidated": "failed before, perhaps for a full disk: try again",
    "Corrupt": "is damaged: move it away, or name another with --store",
    "Checksum": "is damaged: move it away, or name another with --store",
    "WAL": (
        "has a damaged log: move the file with .wal at its end away to lose the newest spans, or "
        "name another with --store"
    ),
    "Out of Memory": (
        "needs more memory for this than there is: report fewer days with --days, or keep less "
        "with --keep-days"
    ),
    "Permission denied": "can't be read or written (permission denied): name another with --store",
    "Read-only file system": "is on a read-only file system: name another with --store",
    "Is a directory": "is a folder: name a file with --store",
    "Could not write file": "can't grow; is the disk full? Make room, or use another with --store",
    "File too large": "can't grow; is the disk full? Make room, or use another with --store",
    "No space left": "can't grow; the disk is full: make room, or name another with --store",
}


def first_line(problem: object) -> str:
    """Returns the first line of *problem* as text."""
    return str(problem).partition("\n")[0]
