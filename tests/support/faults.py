"""
Exceptions that arrive at a line of ours: which lines a program passes, and a fault at one of them.

Sites are found as they run, by `sys.settrace`: each call of a function below `runtime/`, and each
of its lines. A fault at a line arrives before the line does anything.
"""

from __future__ import annotations

import ast
import gc
import linecache
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from opcode import opmap
from pathlib import Path
from traceback import walk_stack
from types import FrameType, FunctionType
from typing import Any, Final, NamedTuple

import aiprov_otel


class Site(NamedTuple):
    """A line of ours that runs, or a function of ours that is entered there."""

    filename: str
    line: int
    function: str
    event: str

    @property
    def text(self) -> str:
        """The line."""
        return linecache.getline(self.filename, self.line).strip()

    @property
    def calls(self) -> bool:
        """Whether it calls something: what else a line of ours does can't fail."""
        return self.event == "line" and self.line in _calling_lines(self.filename)

    @property
    def is_shell(self) -> bool:
        """Whether what a call there raises is not held back."""
        line = f"{self.function}: {self.text}"
        return any(map(line.startswith, _SHELLS.get(Path(self.filename).name, ())))

    def __str__(self) -> str:
        return f"{Path(self.filename).name}:{self.line} {self.function}: {self.text}"


@cache
def _calling_lines(filename: str) -> set[int]:
    tree = ast.parse(Path(filename).read_bytes())
    return {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call | ast.With)}


RUNTIME: Final = str(Path(aiprov_otel.__file__).parent / "runtime")

_CALLBACKS: Final = {"_upwards"}
"""Run as a generator is dropped: there Python prints every exception."""


_SHELLS: Final[dict[str, set[str]]] = {
    "_helpers.py": {"call", "_leave"},
    "call_spans.py": {
        *("enter", "resume", "leave", "end", "close: self.leave"),
        *("_fail: annotator, span", "_fail: with"),
    },
    "exception_state.py": {"is_failure", "is_failing"},
    "exceptions.py": {
        "record_exception: with",
        "record_exception: original",
        "record_exception: if not _recorded_fast",
        "_recorded_fast: if not fast_path",
        "set_status: original",
        "set_status: with",
        "end: if id(span)",
        "end: with",
        "end: original",
    },
    "guard.py": {"__exit__"},
    "handlers.py": {"handled_by: with"},
    "logs.py": {"makeRecord: record = original"},
    "pending_spans.py": {
        "add_event",
        "add_link",
        "get_span_context",
        "is_recording",
        "record_exception",
        "set_",
        "update_name",
    },
    "state.py": {"annotator"},
    "timing.py": {""},
    "wrapping.py": {"_begin", "wrapper"},
}
"""
Calls of ours outside of any guard: of these functions, or of lines of them that begin so.

What they call is guarded itself, or runs without us too, or only reads what it was given.
"""


class Soft(Exception):
    """A class of the application, as billiard's SoftTimeLimitExceeded is."""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    A way in which an exception arrives.

    Attributes:
        name: of the test.
        make: a new exception.
        arrive: raises one, in the frame of a signal handler or in one of ours.
        is_ours: whether it is a failure of ours, which the application never sees.
    """

    name: str
    make: Callable[[], BaseException]
    arrive: Callable[[BaseException], None]
    is_ours: bool = False

    def can_arrive(self, site: Site) -> bool:
        """Whether it can arrive at *site*, and is to end there if it is ours."""
        return not self.is_ours or (site.calls and not site.is_shell)


def from_handler(error: BaseException) -> None:
    """Have a signal handler of the application raise *error*."""

    def handler(number: int, frame: FrameType | None) -> None:
        raise error

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)


def _here(error: BaseException) -> None:
    raise error


def _as_ours(function: Any, **names: Any) -> Any:
    """*function* as one of the package: a traceback through it leads through code of ours."""
    return FunctionType(function.__code__, {**globals(), **names, "__name__": "aiprov_otel.fault"})


_in_our_frame: Final = _as_ours(_here)

FAULTS: Final = (
    Fault("ours", lambda: RuntimeError("a failure of ours"), _in_our_frame, is_ours=True),
    Fault("key", lambda: KeyError("a failure of ours"), _in_our_frame, is_ours=True),
    Fault("application", lambda: Soft("a handler's"), from_handler),
    Fault("timeout", lambda: TimeoutError("a handler's"), from_handler),
    Fault("exit", lambda: SystemExit(7), from_handler),
    Fault("interrupt", KeyboardInterrupt, _in_our_frame),
    Fault("thread", lambda: Soft("set from another thread"), _in_our_frame),
    Fault("memory", MemoryError, _in_our_frame),
)


class Trace:
    """
    The lines of ours that run, and a fault at one of them.

    Attributes:
        passed: how often each site was passed.
        raised: the exception that arrived; None before it did.
        beneath: the functions that were running then.
    """

    def __init__(
        self,
        fault: Fault | None = None,
        at: tuple[Site, int] | None = None,
    ) -> None:
        self.passed: Counter[Site] = Counter()
        self.raised: BaseException | None = None
        self.beneath: set[str] = set()
        self._fault = fault
        self._at = at

    def meet(self, frame: FrameType, event: str) -> Fault | None:
        """Count an event; returns the fault, if it is to arrive now."""
        code, line = frame.f_code, frame.f_lineno
        if not _can_fail(code.co_filename, line, event) or _is_closed(frame, event):
            return None
        site = Site(code.co_filename, line, code.co_name, event)
        self.passed[site] += 1
        if self._fault is None or (site, self.passed[site]) != self._at:
            return None
        self.raised = self._fault.make()
        self.beneath = {above.f_code.co_name for above, _ in walk_stack(frame)}
        return self._fault

    def start(self) -> None:
        """Trace from here on."""
        traced = _as_ours(_traced, trace=self)
        traced.__globals__["traced"] = traced
        sys.settrace(traced)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Trace what runs meanwhile, without the collector, whose callbacks are of ours too."""
        before = sys.gettrace()
        gc.disable()
        self.start()
        try:
            yield
        finally:
            sys.settrace(before)
            gc.enable()


@cache
def _can_fail(filename: str, line: int, event: str) -> bool:
    """Whether an exception can arrive: Python takes signals at calls and jumps alone."""
    text = linecache.getline(filename, line).strip()
    # A tracer hears of `with _lock:` again before the release, where Python takes no signal: an
    # exception of the tracer there would leave the lock held, and every other thread waiting.
    idle = text in {"try:", "pass"} or re.match(r"except |with .*_lock:", text)
    return event in {"call", "line"} and not idle


def _is_closed(frame: FrameType, event: str) -> bool:
    """Whether a generator is closed or thrown into: no call, and Python takes no signal there."""
    return event == "call" and frame.f_code.co_code[frame.f_lasti] == opmap["YIELD_VALUE"]


trace: Any = None
"""The trace that `_traced` is of, given to a copy of it by `start`, as is the copy itself."""
traced: Any = None


def _traced(frame: FrameType, event: str, _: object) -> Any:
    code = frame.f_code
    if not code.co_filename.startswith(RUNTIME) or code.co_name in _CALLBACKS:
        return None
    if (fault := trace.meet(frame, event)) is not None:
        fault.arrive(trace.raised)
    return traced
