"""The record for an audit: every file with its content hash, and each run of its lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from aiprov_otel.history.query import TreeAnswer
from aiprov_otel.history.stats import Shares
from aiprov_otel.manifest import Run, SourceFile

FORMAT: Final = "aiprov-record"


def render(answer: TreeAnswer, shares: Shares) -> Iterator[str]:
    """
    A JSON document, line by line: the *shares*, then one line per file and per run of its lines.

    It holds nothing about the machine or the day: two documents differ only where the files, the
    history or the policy do, and a line-by-line diff shows where.
    """
    head = {
        "format": FORMAT,
        "version": 1,
        "revision": answer.revision,
        "repository": answer.repository_url,
        "policy": answer.policy,
        **shares.to_json(),
    }
    yield f"{_dumps(head)[:-1]},"
    yield '"files": ['
    for number, source in enumerate(answer.sources, start=1):
        yield from _render_file(source, last=number == len(answer.sources))
    yield "]}"


def _render_file(source: SourceFile, *, last: bool) -> Iterator[str]:
    head = {
        "path": source.path,
        "import_path": source.import_path,
        "hash": source.hash,
        "lines": source.lines,
        "generated": source.generated,
    }
    comma = "" if last else ","
    if not source.runs:
        yield f" {_dumps({**head, 'runs': []})}{comma}"
        return
    yield f' {_dumps(head)[:-1]}, "runs": ['
    for run in source.runs[:-1]:
        yield f"  {_dumps(_run_to_json(run))},"
    yield f"  {_dumps(_run_to_json(source.runs[-1]))}]}}{comma}"


def _run_to_json(run: Run) -> dict[str, Any]:
    last = run.first + run.count - 1
    return {"first": run.first, "last": last, **run.provenance.to_json()}


def _dumps(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True)
