"""Reads the documents of schema 1: one JSON document per source file."""

from __future__ import annotations

import json
from collections.abc import Iterable

from aiprov_otel.manifest.document import Run, SourceFile
from aiprov_otel.manifest.kind import from_json


def decode(data: bytes) -> SourceFile:
    """
    Reads a document: each record once, then runs `[first, count, index of the record]`.

    Raises:
        ValueError, LookupError, TypeError, AttributeError, RecursionError: the document does not
            have that shape.
    """
    document = json.loads(data)
    path = document["path"]
    records = [from_json(record, path) for record in document["records"]]
    runs = tuple(Run(first, n, records[index]) for first, n, index in document["runs"])
    named = (document["import_path"], document["hash"])
    _validate(runs, (path, *named))
    return SourceFile(path, *named, runs, document.get("generated", False))


def _validate(runs: Iterable[Run], names: Iterable[object]) -> None:
    """Raise ValueError unless *runs* rise without an overlap, and *names* are texts."""
    end = 1
    for first, count, _ in runs:
        if type(first) is not int or type(count) is not int or first < end or count < 1:
            msg = f"the run of {count} lines from line {first} is out of order"
            raise ValueError(msg)
        end = first + count
    if not all(type(name) is str for name in names):
        raise ValueError("a name is not a text")
