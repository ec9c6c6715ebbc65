"""`aiprov run -- CMD`: manifest, receiver, instrumented command, report."""

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
from aiprov_otel.cli.command import resolved
from aiprov_otel.errors import UsageError
from aiprov_otel.history.build import build
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.receiver.server import Receiver
from aiprov_otel.report.report import Report, report, why_empty
from aiprov_otel.telemetry.extra import local_extra
from aiprov_otel.telemetry.launch import environment, launcher
from aiprov_otel.telemetry.retention import Retention
from aiprov_otel.telemetry.store import Store
from aiprov_otel.telemetry.workdir import STORE, make_folder

if TYPE_CHECKING:
    from types import FrameType

_EPILOG = """example:
  aiprov run -- uvicorn shop.app:app

The manifest is that of AIPROV_MANIFEST or, where this is not set, made from the git history of
the current folder. Traces go to aiprov for this run, whatever OTEL_* says; the report is about
this run only, and goes to the standard error, so that CMD's output stays its own.

Exit status: CMD's own, 128+n if signal n ended it, 126 if the system refuses to start it,
2 if there is no such command. Ctrl-C reaches CMD, and the report follows when CMD has ended."""

_NEEDED: Final = "import aiprov_otel, opentelemetry.distro, opentelemetry.instrumentation"


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "run",
        help="run a command with its code's origin on its traces, and report",
        description="Build the manifest, run CMD with its code's origin on its traces, and report.",
        epilog=_EPILOG,
        usage="aiprov run [-h] -- CMD ...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD", help="what to run")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command and report; the exit status is the command's."""
    command, interpreter = resolved(args.command, "aiprov run")
    if Path(interpreter).parent != Path(sys.executable).parent:
        _check_other(command[0], interpreter)
    with local_extra():
        import rich  # noqa: F401 (better now than after the run)
    folder = make_folder(Path.cwd())
    manifest = _manifest(folder)
    with Store.open(folder / STORE.name) as store:
        began = time.time_ns()
        Retention().prune(store, began)
        with Receiver(store, port=0) as receiver:
            variables = environment(
                os.environ, endpoint=receiver.endpoint, manifest=manifest.path, folder=Path.cwd()
            )
            status, interrupted = _ended(launcher(command, interpreter=interpreter), variables)
        found = report(store, since=began)
    _tell(found, manifest, interrupted=interrupted)
    return status


def _tell(found: Report, manifest: Manifest, *, interrupted: bool) -> None:
    from aiprov_otel.report.render.terminal import console, show

    if interrupted and not found.coverage.spans:
        _say("interrupted before a trace came; there is nothing to report")
    elif not found.coverage.spans:
        _say(
            "no traces came: see that CMD makes requests, that OTEL_SDK_DISABLED, OTEL_CONFIG_FILE "
            "and AIPROV_DISABLED are not set, that its libraries' opentelemetry-instrumentation-* "
            "packages are installed, and that it was not killed"
        )
    elif missing := why_empty(found):
        _say(missing)
    else:
        print(file=sys.stderr)
        show(found, manifest, console(sys.stderr))


def _manifest(folder: Path) -> Manifest:
    """That of `AIPROV_MANIFEST`, else one that is made now from the history of this folder."""
    if said := settings.read().manifest:
        return Manifest.load(said)
    if sys.stderr.isatty():
        _say("reading the git history")
    made = build(Path.cwd(), folder / FILE_NAME)
    _say(f"{made.path.relative_to(Path.cwd())} tells who wrote {made.lines:,} lines")
    return Manifest.load(made.path)


def _check_other(name: str, interpreter: str) -> None:
    """See that *interpreter*, which is not ours, has what the command will need."""
    asked = subprocess.run([interpreter, "-c", _NEEDED], capture_output=True, check=False)
    if asked.returncode:
        msg = (
            f"{name} runs with {interpreter}, which lacks aiprov-otel: install it there with "
            f"`{interpreter} -m pip install 'aiprov-otel[local]'`, or run {sys.executable}"
        )
        raise UsageError(msg)


def _ended(command: Sequence[str], variables: Mapping[str, str]) -> tuple[int, bool]:
    """
    The exit status of *command*, as a shell gives it, and whether somebody wanted it to end.

    SIGTERM is passed on to it.
    """
    early: list[int] = []
    came: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, _: FrameType | None) -> None:
        came.append(number)
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    def leave(number: int, _: FrameType | None) -> None:
        """Pass nothing on: the terminal has sent the same signal to the command."""
        came.append(number)
        if process is None:  # unless the command was not there yet to get it
            early.append(number)

    with _handling({signal.SIGTERM: pass_on, signal.SIGINT: leave}):
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
def _handling(handlers: Mapping[signal.Signals, Any]) -> Iterator[None]:
    # Functions, and never SIG_IGN: the command would inherit that.
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _say(line: str) -> None:
    print(f"aiprov: {line}", file=sys.stderr, flush=True)
