"""The summary of `pytest --aiprov`: failures and covered lines, by origin, agent and model."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiprov_otel.coverage.coverage_py import analyze
from aiprov_otel.format import percent, table
from aiprov_otel.history.query import query_tree
from aiprov_otel.review.tested import covered_by, match

if TYPE_CHECKING:
    import pytest

_HEAD = ("origin", "agent", "model")


def failures(origins: Sequence[tuple[str | None, ...]]) -> Iterator[str]:
    """A table of the failed tests by the *origins*, agents and models of the raising lines."""
    if not origins:
        return
    counts = Counter(origins)
    rows = [(*_names(names), f"{n:,}") for names, n in counts.most_common()]
    yield from table([(*_HEAD, "failures"), *rows], numbers=(3,))


def _names(names: tuple[str | None, ...]) -> tuple[str, ...]:
    """*names*; those of a failure in the test itself, where no line is the application's."""
    return tuple(name or "" for name in names) if any(names) else ("raised by the test", "", "")


def covered_lines(config: pytest.Config, manifest: Path | None) -> Iterator[str]:
    """Tables of the lines and branches that coverage measured in this run, if it did."""
    measured = _running_coverage(config)
    if measured is None:
        return
    root = config.rootpath
    answer = query_tree([] if manifest else [root], manifest)
    tested = match(answer.sources, list(analyze(measured)), root)
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


def _running_coverage(config: pytest.Config) -> Any:
    """The coverage of this run: that of pytest-cov, or of `coverage run`; None without one."""
    if plugin := config.pluginmanager.get_plugin("_cov"):
        return getattr(plugin.cov_controller, "cov", None)
    if "coverage" not in sys.modules:
        return None
    from coverage import Coverage

    return Coverage.current()
