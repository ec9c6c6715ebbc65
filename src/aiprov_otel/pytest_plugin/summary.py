"""The summary of `pytest --aiprov`: failures and covered lines, by origin, agent and model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiprov_otel.attributes import EXCEPTION_AGENT_NAME, EXCEPTION_MODEL_NAME, EXCEPTION_ORIGIN
from aiprov_otel.coverage.coverage_py import read_running
from aiprov_otel.format import percent, table
from aiprov_otel.history.query import query_tree
from aiprov_otel.review.tested import covered_by, match

if TYPE_CHECKING:
    from coverage import Coverage

_HEAD = ("origin", "agent", "model")
_KEYS = (EXCEPTION_ORIGIN, EXCEPTION_AGENT_NAME, EXCEPTION_MODEL_NAME)


def failures(properties: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A table of the failed tests, each with its *properties*, by who wrote the raising lines."""
    counts = Counter(tuple(map(one.get, _KEYS)) for one in properties)
    if not counts:
        return
    rows = [(*_names(names), f"{n:,}") for names, n in counts.most_common()]
    yield from table([(*_HEAD, "failures"), *rows], numbers=(3,))


def _names(names: tuple[str | None, ...]) -> tuple[str, ...]:
    """*names*; those of a failure in the test itself, where no line is the application's."""
    return tuple(name or "" for name in names) if any(names) else ("raised by the test", "", "")


def covered_lines(measured: Coverage, root: Path, manifest: Path | None) -> Iterator[str]:
    """Tables of the lines and branches that were *measured* in this run."""
    answer = query_tree([] if manifest else [root], manifest)
    tested = match(answer.sources, read_running(measured), root)
    for by in _HEAD if tested.files else ():
        rows = [
            (
                row.key or "unknown",
                f"{row.covered:,} of {row.statements:,}",
                percent(row.share),
                f"{row.covered_branches:,} of {row.branches:,}" if row.branches else "",
            )
            for row in covered_by(tested, by)
        ]
        yield ""
        yield from table([(by, "covered lines", "share", "branches"), *rows], numbers=(1, 2, 3))
