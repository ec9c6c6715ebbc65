"""
The plug-in while pytest runs: annotates failures, and adds a summary.

The rest is imported for the first failure, or for coverage: a run that passes should cost nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from aiprov_otel.pytest_plugin.failed_line import FailedLine, FailedLines

_TITLE: Final = "aiprov"


class Session:
    """One run of pytest; under xdist, each worker annotates its own failures."""

    def __init__(self, config: pytest.Config) -> None:
        manifest = config.getoption("aiprov_manifest")
        self._config = config
        self._manifest = Path(manifest).absolute() if manifest else None
        self._failed_lines: FailedLines | None = None
        self._problem = ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Adds who wrote the raising line to the report of a test that failed."""
        report = yield
        if report.failed and call.excinfo and not self._problem:
            try:
                found = self._find(call.excinfo)
            except Exception as error:  # noqa: BLE001 (a run of tests goes on without us)
                self._problem = str(error) or repr(error)
            else:
                if found:
                    report.sections.append((_TITLE, str(found)))
                    added = list(found.attributes().items())
                    item.user_properties.extend(added)  # of the later phases: JUnit reads the last
                    report.user_properties.extend(added)
        return report

    def _find(self, raised: pytest.ExceptionInfo[BaseException]) -> FailedLine | None:
        if self._failed_lines is None:
            from aiprov_otel.pytest_plugin.failed_line import FailedLines

            self._failed_lines = FailedLines(self._config.rootpath, self._manifest)
        return self._failed_lines.find(raised.type, raised.tb)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints failures and covered lines by origin, agent and model."""
        for line in self._summary(terminalreporter.stats):
            if line.startswith("="):
                terminalreporter.section(line.strip("= "))
            else:
                terminalreporter.line(line)

    def _summary(self, stats: dict[str, list[Any]]) -> Iterator[str]:
        reports = [report for kind in ("failed", "error") for report in stats.get(kind, ())]
        measured = running_coverage(self._config)
        if not reports and measured is None:
            return
        from aiprov_otel.pytest_plugin.summary import covered_lines, failures

        lines = [*failures(dict(getattr(report, "user_properties", ())) for report in reports)]
        try:
            if measured is not None:
                lines += covered_lines(measured, self._config.rootpath, self._manifest)
        except Exception as error:  # noqa: BLE001 (as above)
            self._problem = self._problem or str(error) or repr(error)
        if lines or self._problem:
            yield "= origins ="
        yield from lines
        if self._problem:
            yield f"aiprov: {self._problem}"


def running_coverage(config: pytest.Config) -> Any:
    """The coverage of this run: that of pytest-cov, or of `coverage run`; None without one."""
    if plugin := config.pluginmanager.get_plugin("_cov"):
        return getattr(plugin.cov_controller, "cov", None)
    if "coverage" not in sys.modules:
        return None
    from coverage import Coverage

    return Coverage.current()
