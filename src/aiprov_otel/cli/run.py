"""`aiprov run -- CMD`: builds the manifest, runs the command instrumented, and reports."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel import settings
from aiprov_otel.cli.command import resolve
from aiprov_otel.cli.output import note
from aiprov_otel.cli.signals import ends_later, ends_soon
from aiprov_otel.errors import UsageError
from aiprov_otel.format import quantity
from aiprov_otel.history.build import build
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.receiver.server import Receiver
from aiprov_otel.report.report import Report, build_report, why_empty
from aiprov_otel.telemetry.extra import local_extra
from aiprov_otel.telemetry.launch import environment, launcher
from aiprov_otel.telemetry.retention import Retention
from aiprov_otel.telemetry.store import Store
from aiprov_otel.telemetry.workdir import STORE, make_folder

if TYPE_CHECKING:
    from types import FrameType

_EPILOG = """example:
  aiprov run -- uvicorn shop.app:app

Uses the manifest named by AIPROV_MANIFEST, else builds one from the git history of the current
folder. For this run traces go to aiprov, whatever OTEL_* is set to. The report covers this run only
and goes to standard error, so that CMD's output is unchanged.

Exit status: that of CMD, 128+n if signal n ended it, 126 if it can't be started, 2 if it is not
found. Ctrl-C and SIGTERM reach CMD, and the report follows when CMD has ended. A second SIGTERM
or a third Ctrl-C kills CMD."""

_NEEDED: Final = "import aiprov_otel, opentelemetry.distro, opentelemetry.instrumentation"


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "run",
        description="Build the manifest, run CMD with code origin on its traces, and report.",
        epilog=_EPILOG,
        usage="aiprov run [-h] -- CMD ...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="CMD", help="the command to run"
    )
    parser.set_defaults(run=run)


@ends_soon()
def run(args: argparse.Namespace) -> int:
    """Run the command and report; the exit status is the command's."""
    command, interpreter = resolve(args.command, "aiprov run")
    if Path(interpreter).parent != Path(sys.executable).parent:
        _check_packages(command[0], interpreter)
    with local_extra():
        import rich  # noqa: F401 (fail before the run, not after it)
    folder = make_folder(Path.cwd())
    manifest = _manifest(folder)
    with Store.open(folder / STORE.name) as store:
        began = time.time_ns()
        Retention().prune(store, began)
        with Receiver(store, port=0) as receiver:
            variables = environment(
                os.environ, endpoint=receiver.endpoint, manifest=manifest.path, folder=Path.cwd()
            )
            status, interrupted = _run(launcher(command, interpreter=interpreter), variables)
        result = build_report(store, since=began)
    _show(result, manifest, interrupted=interrupted)
    return status


def _show(result: Report, manifest: Manifest, *, interrupted: bool) -> None:
    from aiprov_otel.report.render.terminal import open_console, show_report

    if interrupted and not result.coverage.spans:
        note("interrupted before any trace arrived; nothing to report")
    elif not result.coverage.spans:
        note(
            "no traces arrived: check that CMD makes requests, that OTEL_SDK_DISABLED, "
            "OTEL_CONFIG_FILE and AIPROV_DISABLED are not set, that its libraries' "
            "opentelemetry-instrumentation-* packages are installed, and that it was not killed"
        )
    elif missing := why_empty(result):
        note(missing)
    else:
        print(file=sys.stderr)
        show_report(result, manifest, open_console(sys.stderr))


def _manifest(folder: Path) -> Manifest:
    """The manifest of `AIPROV_MANIFEST`, else one built now from the history of this folder."""
    if path := settings.read().manifest:
        return Manifest.load(path)
    if sys.stderr.isatty():
        note("reading the git history")
    summary = build(Path.cwd(), folder / FILE_NAME)
    shown = summary.path.relative_to(Path.cwd())
    note(f"built {shown}: the origin of {quantity(summary.lines, 'line')}")
    return Manifest.load(summary.path)


def _check_packages(name: str, interpreter: str) -> None:
    """Check that *interpreter*, which is not ours, has the packages that the command needs."""
    process = subprocess.run([interpreter, "-c", _NEEDED], capture_output=True, check=False)
    if process.returncode:
        msg = (
            f"{name} runs with {interpreter}, which lacks aiprov-otel: run "
            f"`{interpreter} -m pip install 'aiprov-otel[local]'`, or use {sys.executable}"
        )
        raise UsageError(msg)


def _run(command: Sequence[str], variables: Mapping[str, str]) -> tuple[int, bool]:
    """
    Run *command*; returns its exit status, as in a shell, and whether a signal asked it to end.

    SIGTERM is passed on. A second SIGTERM kills it, and so does a third Ctrl-C: some parents send
    it twice.
    """
    early: list[int] = []
    came: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, _: FrameType | None) -> None:
        came.append(number)
        if process is None:
            early.append(number)
        elif came.count(signal.SIGTERM) > 1 or len(came) > 2:
            process.kill()
        elif number == signal.SIGTERM:  # the terminal has sent SIGINT to the command, too
            process.send_signal(number)

    with ends_later(), _handle({signal.SIGTERM: pass_on, signal.SIGINT: pass_on}):
        process = subprocess.Popen(command, env=variables)
        try:
            for number in early:
                process.send_signal(number)
            status = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
    return status if status >= 0 else 128 - status, bool(came)


@contextmanager
def _handle(handlers: Mapping[signal.Signals, Any]) -> Iterator[None]:
    # Functions, and never SIG_IGN: the command would inherit that.
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
