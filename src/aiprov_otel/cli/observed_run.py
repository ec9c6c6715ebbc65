"""A run of the user's command: its manifest, the receiver of its spans, and the report."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from aiprov_otel import settings
from aiprov_otel.cli.code import page_code
from aiprov_otel.cli.imported_files import match_files, top_level
from aiprov_otel.cli.output import note
from aiprov_otel.cli.signals import ends_later
from aiprov_otel.errors import HistoryError
from aiprov_otel.format import quantity
from aiprov_otel.history.build import build
from aiprov_otel.lending import outcome
from aiprov_otel.lending.launch import Event, Run, new_run
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.manifest.locate import manifest_above
from aiprov_otel.receiver.server import MEMORY, Receiver
from aiprov_otel.report import sql
from aiprov_otel.report.report import Report, build_report, why_empty
from aiprov_otel.telemetry.launch import environment
from aiprov_otel.telemetry.retention import Retention
from aiprov_otel.telemetry.store import Store
from aiprov_otel.telemetry.store_errors import StoreHeld
from aiprov_otel.telemetry.workdir import STORE, make_folder

if TYPE_CHECKING:
    from types import FrameType

    from aiprov_otel.cli.command import Command
    from aiprov_otel.lending.room import Room
    from aiprov_otel.lending.survey import Survey

_EVERY: Final = 0.1  # seconds
_CANT_START: Final = 126
_SECOND_STORE: Final = "run.duckdb"
_SHOWN: Final = 3  # files


def observe(
    command: Command, variables: Mapping[str, str], lent: tuple[Survey, Room] | None
) -> int:
    """
    Run *command* with the environment *variables* and report; its exit status, as in a shell.

    *lent* is its interpreter with what it gets; None if that shows only when it runs.
    """
    folder = make_folder(Path.cwd())
    manifest, about = _manifest(folder)
    with _open_store(folder) as store, new_run() as its:
        began = time.time_ns()
        Retention().prune(store, began)
        with Receiver(store, port=0, code=page_code()) as receiver:
            note(f"the page about this run is at {receiver.endpoint} while it runs")
            variables = environment(
                variables, endpoint=receiver.endpoint, manifest=manifest.path, folder=Path.cwd()
            )
            with _Story(its, about) as story:
                status, stopped = _run(
                    command.words, its.prepare(variables, receiver.endpoint, lent)
                )
            receiver.end_soon()
            _prepare_report()
        result = build_report(store, since=began, run=its.id)
    _show(result, manifest, story, command, status, stopped=stopped)
    return status


def _open_store(folder: Path) -> Store:
    """The store, or another file in *folder* while `aiprov serve` or another run holds it."""
    try:
        return Store.open(folder / STORE.name, memory=MEMORY)
    except StoreHeld:
        path = folder / _SECOND_STORE
        store = Store.open(path, memory=MEMORY)
        shown = path.relative_to(Path.cwd())
        note(
            f"another aiprov holds the store, so this run is kept in {shown}: "
            f"`aiprov report --store {shown}`"
        )
        return store


class _Story:
    """Prints events of the processes of a run while it runs, and keeps them."""

    def __init__(self, run: Run, about: str) -> None:
        self.events: list[Event] = []
        self._run = run
        self._about = about
        self._lines = {
            "python": self._start,
            "request": outcome.describe_request,
            "declined": outcome.describe_declined,
        }
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="aiprov-story", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _start(self, event: Event) -> str:
        return f"{self._about}; {outcome.describe_start(event)}"

    def _follow(self) -> None:
        while not self._ended.wait(_EVERY):
            self._print()
        self._print()
        if "python" in self._lines:
            note(self._about)

    def _print(self) -> None:
        for event in self._run.events():
            self.events.append(event)
            if describe := self._lines.pop(event["event"], None):
                note(describe(event))


def _prepare_report() -> None:
    """Loads what the report needs; meanwhile the receiver ends, which takes 0.15 seconds."""
    import aiprov_otel.report.render.terminal
    import aiprov_otel.report.statistics.bootstrap  # noqa: F401 (with numpy)

    sql.prepare()


def _show(
    result: Report,
    manifest: Manifest,
    story: _Story,
    command: Command,
    status: int,
    *,
    stopped: bool,
) -> None:
    from aiprov_otel.report.render.terminal import open_console, show_report

    for remark in outcome.about_packages(story.events, top_level(manifest)):
        note(remark)
    if not result.coverage.spans:
        note(outcome.why_no_trace(story.events, command.program, status, stopped=stopped))
    elif why_empty(result):
        note(outcome.nothing_ours(result.coverage.spans))
    else:
        print(file=sys.stderr)
        show_report(result, manifest, open_console(sys.stderr))


def _manifest(folder: Path) -> tuple[Manifest, str]:
    """The manifest of `AIPROV_MANIFEST`, that of this history, or one that is here; and a line."""
    if path := settings.read().manifest:
        return _load(path, f"uses {path}")
    if sys.stderr.isatty():
        note("reading the git history")
    try:
        summary = build(Path.cwd(), folder / FILE_NAME)
    except HistoryError:
        if (found := manifest_above(Path.cwd())) is None:
            raise
        return _load(found, f"no git history here; uses {found}")
    shown = summary.path.relative_to(Path.cwd())
    origins = f"built {shown}: the origin of {quantity(summary.lines, 'line')}"
    if summary.uncommitted:
        origins += f", {summary.uncommitted:,} of them not committed yet and therefore unknown"
    return Manifest.load(summary.path), origins


def _load(path: str | Path, about: str) -> tuple[Manifest, str]:
    """The manifest at *path*; and *about* it, with the files that changed since it was built."""
    manifest = Manifest.load(path)
    matches = match_files(manifest, [str(Path(path).parent), str(Path.cwd())])
    if stale := [name for name, match in matches.items() if match == "stale"]:
        more = f" and {len(stale) - _SHOWN} more" if len(stale) > _SHOWN else ""
        about += (
            f"; changed since it was built, and therefore unknown: {', '.join(stale[:_SHOWN])}"
            f"{more}; run `aiprov build` again"
        )
    return manifest, about


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
        try:
            process = subprocess.Popen(command, env=variables)
        except OSError as error:
            note(f"can't start {command[0]!r}: {error.strerror}")
            return _CANT_START, False
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
