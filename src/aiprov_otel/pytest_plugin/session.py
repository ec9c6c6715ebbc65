"""The plug-in while pytest runs: annotates failures, and adds a summary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiprov_otel.attributes import EXCEPTION_AGENT_NAME, EXCEPTION_MODEL_NAME, EXCEPTION_ORIGIN
from aiprov_otel.pytest_plugin.failed_line import FailedLines
from aiprov_otel.pytest_plugin.summary import covered_lines, failures

if TYPE_CHECKING:
    from collections.abc import Generator

_TITLE: Final = "aiprov"
_KEYS: Final = (EXCEPTION_ORIGIN, EXCEPTION_AGENT_NAME, EXCEPTION_MODEL_NAME)


class Session:
    """One run of pytest; under xdist, each worker annotates its own failures."""

    def __init__(self, config: pytest.Config) -> None:
        manifest = config.getoption("aiprov_manifest")
        self._config = config
        self._manifest = Path(manifest).absolute() if manifest else None
        self._failed_lines = FailedLines(config.rootpath, self._manifest)
        self._problem = ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Adds who wrote the raising line to the report of a test that failed."""
        report = yield
        if report.failed and call.excinfo and not self._problem:
            try:
                found = self._failed_lines.find(call.excinfo.type, call.excinfo.tb)
            except Exception as error:  # noqa: BLE001 (a run of tests goes on without us)
                self._problem = str(error) or repr(error)
            else:
                if found:
                    report.sections.append((_TITLE, str(found)))
                    added = list(found.attributes().items())
                    item.user_properties.extend(added)  # of the later phases: JUnit reads the last
                    report.user_properties.extend(added)
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints failures and covered lines by origin, agent and model."""
        for line in self._summary(terminalreporter.stats):
            if line.startswith("="):
                terminalreporter.section(line.strip("= "))
            else:
                terminalreporter.line(line)

    def _summary(self, stats: dict[str, list[Any]]) -> Iterator[str]:
        reports = [report for kind in ("failed", "error") for report in stats.get(kind, ())]
        origins = [dict(getattr(report, "user_properties", ())) for report in reports]
        lines = [*failures([tuple(map(one.get, _KEYS)) for one in origins])]
        try:
            lines += covered_lines(self._config, self._manifest)
        except Exception as error:  # noqa: BLE001 (as above)
            self._problem = self._problem or str(error) or repr(error)
        if lines or self._problem:
            yield "= origins ="
        yield from lines
        if self._problem:
            yield f"aiprov: {self._problem}"
