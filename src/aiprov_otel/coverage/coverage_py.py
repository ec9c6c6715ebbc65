"""The data file of coverage.py, `.coverage`, which coverage.py itself has to analyze."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from aiprov_otel.coverage import coverage_json
from aiprov_otel.coverage.values import FileCoverage
from aiprov_otel.errors import UsageError

if TYPE_CHECKING:
    from coverage import Coverage


def read(path: Path) -> list[FileCoverage]:
    """
    The files of the data file at *path*: which lines count is up to the project's configuration.

    Its plug-ins are not loaded: reading a repository runs no code of it.

    Raises:
        UsageError: coverage.py is missing, or can't read the data.
    """
    try:
        from coverage import Coverage
    except ImportError as error:
        msg = (
            f"{path} is data of coverage.py, which is missing here; install it with "
            "`pip install coverage`, or give the output of `coverage json`"
        )
        raise UsageError(msg) from error
    from coverage.exceptions import CoverageException

    try:
        measured = Coverage(data_file=path, messages=False)
        for option in ("run:plugins", "run:debug"):
            measured.set_option(option, [])
        with closing(measured.get_data()):
            measured.load()
            files = list(analyze(measured))
        # With [paths] in the configuration, a report leaves other data behind.
        measured.get_data().close(force=True)
    except CoverageException as error:
        msg = f"coverage.py can't read {path} ({error}); run the tests again"
        raise UsageError(msg) from error
    return files


def analyze(measured: Coverage) -> Iterator[FileCoverage]:
    """
    The files that *measured* holds.

    Raises:
        CoverageException: it holds no data.
    """
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        report = Path(folder, "coverage.json")
        measured.json_report(outfile=str(report), ignore_errors=True)
        data = report.read_bytes()
    root = Path.cwd()
    for file in coverage_json.read(data):
        path = str(root / file.path)
        # The report is about the file as it is; what was traced shows whether it was another.
        traced = frozenset(measured.get_data().lines(path) or ())
        yield FileCoverage(path, file.covered, file.missing, file.branches, traced)
