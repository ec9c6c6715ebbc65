"""The record for an audit: every file with its content hash, and each run of its lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from aiprov_otel.history.query import TreeAnswer
from aiprov_otel.history.stats import Shares
from aiprov_otel.manifest import Run, SourceFile

FORMAT: Final = "aiprov-record"


def document(answer: TreeAnswer, shares: Shares) -> Iterator[str]:
    """
    A JSON document, line by line: the *shares*, then one line a file and one a run of its lines.

    It holds nothing of the machine or the day that it is written on: two of them differ where the
    files, the history or the policy do, and a line-by-line diff shows where.
    """
    head = {
        "format": FORMAT,
        "version": 1,
        "revision": answer.revision,
        "repository": answer.repository_url,
        "policy": answer.policy,
        **shares.to_json(),
    }
    yield f"{_json(head)[:-1]},"
    yield '"files": ['
    for number, source in enumerate(answer.sources, start=1):
        yield from _file(source, last=number == len(answer.sources))
    yield "]}"


def _file(source: SourceFile, *, last: bool) -> Iterator[str]:
    about = {
        "path": source.path,
        "import_path": source.import_path,
        "hash": source.hash,
        "lines": source.lines,
        "generated": source.generated,
    }
    comma = "" if last else ","
    if not source.runs:
        yield f" {_json({**about, 'runs': []})}{comma}"
        return
    yield f' {_json(about)[:-1]}, "runs": ['
    for run in source.runs[:-1]:
        yield f"  {_json(_run(run))},"
    yield f"  {_json(_run(source.runs[-1]))}]}}{comma}"


def _run(run: Run) -> dict[str, Any]:
    last = run.first + run.count - 1
    return {"first": run.first, "last": last, **run.provenance.to_json()}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True)
