"""The data file of coverage.py, `.coverage`, which coverage.py itself has to analyze."""

from __future__ import annotations

import io
import os
import platform
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.coverage import coverage_json
from aiprov_otel.coverage.possible_lines import possible_lines
from aiprov_otel.coverage.values import FileCoverage
from aiprov_otel.errors import UsageError
from aiprov_otel.files import MANY_BYTES, open_regular

if TYPE_CHECKING:
    from coverage import Coverage


_OF_AN_EMPTY_FILE: Final = {0}  # the line that coverage.py reports of one
_CONFIGURATIONS: Final = (
    *(".coveragerc", ".coveragerc.toml", "setup.cfg", "tox.ini", "pyproject.toml"),
)


def read(
    path: Path, data: bytes, root: Path | None, configuration: str | bool = True
) -> list[FileCoverage]:
    """
    The files of the *data* at *path*, and those below *root* only, if it is given.

    Which of their lines count is up to the project's *configuration*, by default the one that
    coverage.py finds. Its plug-ins are not loaded: reading a repository runs no code of it.

    Raises:
        UsageError: coverage.py is missing, or can't read the data; or a file is of a newer Python.
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

    _refuse_pipes()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, ".coverage")  # SQLite would open journals beside the original
        copy.write_bytes(data)
        try:
            measured = Coverage(data_file=copy, config_file=configuration, messages=False)
            for option in ("run:plugins", "run:debug"):
                measured.set_option(option, [])
            with closing(measured.get_data()):
                measured.load()
                return _analyze(measured, root)
        except CoverageException as error:
            reason = str(error).replace(str(copy), path.name)
            msg = f"coverage.py can't read {path} ({reason}); run the tests again"
            raise UsageError(msg) from error


def read_running(measuring: Coverage) -> list[FileCoverage]:
    """
    The files that *measuring* has measured so far, which goes on; an installed copy, too.

    Raises:
        UsageError: it measured nothing, or coverage.py can't read it.
    """
    from coverage import CoverageData

    # A report of its own would change the data that it is still to save.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, ".coverage")
        with closing(CoverageData(str(copy))) as data:
            data.loads(measuring.get_data().dumps())
        return read(copy, copy.read_bytes(), None, measuring.config.config_file or False)


def _refuse_pipes() -> None:
    """Raises UsageError for a configuration that coverage.py would read without an end."""
    for name in _CONFIGURATIONS:
        try:
            open_regular(Path(name)).close()
        except FileNotFoundError:
            continue
        except OSError as error:
            msg = (
                f"{name} can't be read: {error.strerror}; coverage.py takes its settings from it: "
                "make it a regular file, or remove it"
            )
            raise UsageError(msg) from error


def _analyze(measured: Coverage, root: Path | None) -> list[FileCoverage]:
    from coverage.exceptions import CoverageWarning

    given = measured.get_data()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as copies:
        nothing, report = Path(folder, "nothing.py"), Path(folder, "coverage.json")
        nothing.touch()

        def write(names: list[str], **options: Any) -> None:
            with redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore", CoverageWarning)
                measured.json_report(names, outfile=str(report), **options)
            # With [paths] in the configuration, each report leaves a copy of the data behind.
            if (data := measured.get_data()) is not given:
                copies.callback(data.close, force=True)

        # The first report applies [paths], so that the files have the names that they have here.
        write([str(nothing)], include=[], omit=[])
        data = measured.get_data()
        names = [
            name
            for name in data.measured_files()
            if not data.file_tracer(name) and _is_source(name, root)
        ]
        if not names:
            return []
        write(names, ignore_errors=True)
        files = list(_with_traced(coverage_json.read(report.read_bytes()), measured))
        _refuse_newer_syntax(set(names) - {file.path for file in files})
        return files


def _refuse_newer_syntax(names: Iterable[str]) -> None:
    """Raises UsageError for the first of *names*, measured files, that this Python can't parse."""
    for name in sorted(names):
        if possible_lines(Path(name).read_bytes()) is None:
            version = platform.python_version()
            msg = f"Python {version} can't parse {name}: run aiprov with the Python of the tests"
            raise UsageError(msg)


def _with_traced(files: Iterable[FileCoverage], measured: Coverage) -> Iterator[FileCoverage]:
    current = Path.cwd()
    for file in files:
        path = str(current / file.path)
        # The report is about the file as it is; what was traced shows whether it was another.
        traced = frozenset(measured.get_data().lines(path) or ()) - _OF_AN_EMPTY_FILE
        yield FileCoverage(path, file.covered, file.missing, file.branches, traced)


def _is_source(name: str, root: Path | None) -> bool:
    """Whether coverage.py can read the file *name*: it may be a pipe, or lead anywhere."""
    try:
        with open_regular(Path(name), inside=root) as file:
            return os.fstat(file.fileno()).st_size <= MANY_BYTES
    except (OSError, ValueError):
        return False
