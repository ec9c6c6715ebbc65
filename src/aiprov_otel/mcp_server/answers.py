"""The answers to a bot: each is read-only, and JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from aiprov_otel.coverage.read import read_coverage
from aiprov_otel.errors import UsageError
from aiprov_otel.history.explain import explain_line as explain
from aiprov_otel.history.query import query_file
from aiprov_otel.history.traceback_lookup import open_lookup
from aiprov_otel.mcp_server.untrusted import untrusted
from aiprov_otel.report.failed_lines import (
    PROMETHEUS,
    FailedLine,
    opened,
    read_failed_lines,
    since,
)
from aiprov_otel.review.change import read_change
from aiprov_otel.review.production import is_of
from aiprov_otel.review.review import review
from aiprov_otel.review.tested import parse
from aiprov_otel.stacktrace.frames import annotate
from aiprov_otel.stacktrace.text import unwrap
from aiprov_otel.telemetry.workdir import STORE
from aiprov_otel.values import MOST_DAYS

_MOST: Final = 200  # rows of an answer


class Answers:
    """The answers about the repository at *root*, with telemetry from *address* or its store."""

    def __init__(self, root: Path, address: str | None) -> None:
        self._root = root
        self._address = address

    def explain_line(self, path: str, line: int) -> dict[str, Any]:
        """Who wrote this line, a person or a model, in which commit, and by which evidence."""
        answer = query_file(self._file(path), None, history=True)
        if not 1 <= line <= answer.file.lines:
            msg = f"{path} has no line {line}, only {answer.file.lines}"
            raise UsageError(msg)
        found = answer.file.line(line)
        return untrusted(
            {"chain": explain(answer, line)}, path=answer.file.path, line=line, **found.to_json()
        )

    def annotate_stack_trace(self, text: str) -> dict[str, Any]:
        """Each frame of a Python stack trace, in any log format, with who wrote its line."""
        known, said_by = open_lookup(self._root, None)
        lines = annotate(unwrap(text), known)
        frames = {id(line.frame): line.frame for line in lines if line.frame}.values()
        rows = [
            {
                "file": frame.path,
                "line": frame.line,
                "function": frame.function,
                "application": frame.provenance is not None,
                **(frame.provenance.to_json() if frame.provenance else {}),
            }
            for frame in frames
        ]
        return untrusted({"frames": rows}, answered_by=said_by)

    def errors_by_line(self, path: str = "", line: int = 0, days: float = 7) -> dict[str, Any]:
        """
        How often lines failed lately, and with which errors: ask before you edit a line.

        With a path, only those of that file; with a line too, only those of its function.
        """
        failed = self._failed(days)
        if not path:
            return self._rows(failed, days)
        answer = query_file(self._file(path), None)
        functions = [
            function
            for function in parse(answer.file, self._root)
            if not line or function.first <= line <= function.last
        ]
        if line and functions:
            functions = [max(functions, key=lambda function: function.first)]  # the innermost
        rows = [
            row
            for row in failed
            if any(is_of(row, answer.file, function) for function in functions)
        ]
        found = answer.file.line(line).to_json() if line else {}
        return self._rows(rows, days, path=answer.file.path, **({"line": line} | found))

    def errors_by_commit(self, commit: str, days: float = 7) -> dict[str, Any]:
        """How often the lines of this commit failed lately, and with which errors."""
        if len(commit) < 7 or set(commit) - set("0123456789abcdef"):
            msg = f"{commit!r} is not a hash of a commit; give at least seven digits of it"
            raise UsageError(msg)
        if self._address and self._address.startswith(PROMETHEUS):
            raise UsageError("Prometheus counts errors by function, not by commit: ask by line")
        failed = self._failed(days)
        rows = [row for row in failed if row.commit and row.commit.startswith(commit)]
        return self._rows(rows, days, commit=commit)

    def report(self, days: float = 7) -> dict[str, Any]:
        """Errors and latency by code origin, compared on the same routes, as `aiprov report`."""
        from aiprov_otel.report.report import build_report

        with opened(self._address, self._root / STORE) as source:
            return untrusted(build_report(source, since=since(_checked(days))).to_json(), days=days)

    def review_work_tree(self, base: str, coverage: str = "", days: float = 7) -> dict[str, Any]:
        """
        What a change adds: origins, untested AI-written lines, functions that failed lately.

        A new file counts once git tracks it (`git add`).
        """
        measured = read_coverage(self._file(coverage), self._root) if coverage else None
        known = self._address or (self._root / STORE).is_file()
        change = read_change(self._root, base)
        found = review(change, measured, self._failed(days) if known else None).to_json()
        failing = found.pop("failing")
        return untrusted({"failing": failing}, **found)

    def _file(self, path: str) -> Path:
        """
        The file at *path* below the root.

        Raises:
            UsageError: it leads out of the repository.
        """
        file = (self._root / path).resolve()
        if not file.is_relative_to(self._root):
            msg = f"{path} is not in the repository; give a path relative to its root"
            raise UsageError(msg)
        return self._root / path

    def _failed(self, days: float) -> tuple[FailedLine, ...]:
        return read_failed_lines(self._address, self._root / STORE, _checked(days))

    def _rows(self, failed: Sequence[FailedLine], days: float, **trusted: Any) -> dict[str, Any]:
        errors = sum(row.errors for row in failed)
        rows = [asdict(row) for row in failed[:_MOST]]
        return untrusted({"failed": rows}, **trusted, days=days, errors=errors, rows=len(failed))

    @property
    def tools(self) -> tuple[Callable[..., dict[str, Any]], ...]:
        """Every answer, as a tool of the server."""
        return (
            self.explain_line,
            self.annotate_stack_trace,
            self.errors_by_line,
            self.errors_by_commit,
            self.report,
            self.review_work_tree,
        )


def _checked(days: float) -> float:
    """
    *days*, as the command line takes them.

    Raises:
        UsageError: no number of days.
    """
    if not 0 < days <= MOST_DAYS:
        msg = f"{days} is not a number of days: use one above 0, up to {MOST_DAYS:,}"
        raise UsageError(msg)
    return days
