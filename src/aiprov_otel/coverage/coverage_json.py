"""The report of `coverage json`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from aiprov_otel.coverage.values import FileCoverage


def read(data: bytes) -> Iterator[FileCoverage]:
    """
    The files of the report *data*.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is not such a report.
    """
    for path, file in json.loads(data)["files"].items():
        yield FileCoverage(
            path,
            frozenset(map(int, file["executed_lines"])),
            frozenset(map(int, file["missing_lines"])),
            _branches(file),
        )


def _branches(file: dict[str, Any]) -> dict[int, tuple[int, int]]:
    taken = Counter(abs(line) for line, _ in file.get("executed_branches", ()))
    missing = Counter(abs(line) for line, _ in file.get("missing_branches", ()))
    return {line: (taken[line], taken[line] + missing[line]) for line in {*taken, *missing}}
