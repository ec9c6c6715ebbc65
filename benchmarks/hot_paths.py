"""
Five hot paths, in instructions, as multiples of a bare span of the SDK in the same process.

    python benchmarks/hot_paths.py            fails if one costs 3 % more than hot_paths.json says
    python benchmarks/hot_paths.py --update   writes what they cost now into hot_paths.json

`make test-matrix` runs the first. It needs valgrind.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from instructions import counted, is_available
from spans import modules, plain, provider

ROOM = 1.03
CALLS = 200
LIMITS = Path(__file__).with_suffix(".json")
BARE = "a bare span of the SDK"

Work = Callable[[int], None]


def main(arguments: list[str]) -> int:
    """Count, compare and print."""
    if arguments == ["--serve"]:
        serve()
        return 0
    if not is_available():
        print("hot paths: valgrind not found, not counted")
        return 0
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = ratios()
    limits = json.loads(LIMITS.read_text()) if LIMITS.exists() else {}
    if arguments == ["--update"]:
        LIMITS.write_text(json.dumps(limits | {python: found}, indent=2, sort_keys=True) + "\n")
        limits[python] = found
    if python not in limits:
        print(f"hot paths: {LIMITS.name} has no numbers for Python {python}")
        return 0
    worse = [name for name, ratio in found.items() if ratio > limits[python][name] * ROOM]
    print(f"Python {python}, instructions (1.00 = {BARE}, not exported)")
    for name, ratio in found.items():
        verdict = "  more than 3 % above the last" if name in worse else ""
        print(f"  {name:<52} x {ratio:.3f}, the last {limits[python][name]:.3f}{verdict}")
    return 1 if worse else 0


def ratios() -> dict[str, float]:
    """What each path costs, from one process under valgrind."""
    command = [sys.executable, __file__, "--serve"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with counted(command, **pipes) as child:
        stdin, stdout = child.process.stdin, child.process.stdout
        assert stdin is not None
        assert stdout is not None
        names = json.loads(stdout.readline())

        def run(name: str) -> None:
            print(name, file=stdin, flush=True)
            stdout.readline()

        for name in names:
            run(name)  # to warm up
        costs = {name: child.count(partial(run, name)) for name in names}
        stdin.close()
    return {name: round(cost / costs[BARE], 3) for name, cost in costs.items() if name != BARE}


def serve() -> None:
    """Run each path that stdin names."""
    with paths() as works:
        print(json.dumps(list(works)), flush=True)
        for line in sys.stdin:
            works[line.strip()](CALLS)
            print(flush=True)


@contextmanager
def paths() -> Iterator[dict[str, Work]]:
    """The paths, by what they are, in a process that has installed."""
    import aiprov_otel

    with tempfile.TemporaryDirectory() as folder:
        app, lib = modules(Path(folder))
        ours = provider()
        with aiprov_otel.install(
            manifest=Path(folder, "aiprov.manifest"), tracer_provider=ours, logger_provider=logs()
        ):
            yield {
                BARE: repeated(plain(provider())),
                "a @provenance span": repeated(app.decorated),
                "a foreign span, 20 library frames below ours": repeated(
                    partial(app.span, ours.get_tracer("bench"), 20, lib.span)
                ),
                "a span that fails, 20 frames down": _failing(app, ours),
                "a log record, through OpenTelemetry's handler": _logging(app),
                "encoding a span of ours": _batch(encoding(app, lib, CALLS)),
            }


def repeated(work: Callable[[], object]) -> Work:
    """*work*, as often as it is wanted."""

    def repeat(calls: int) -> None:
        for _ in range(calls):
            work()

    return repeat


def _failing(app: Any, ours: Any) -> Work:
    tracer = ours.get_tracer("bench")

    def work() -> None:
        with suppress(ValueError), tracer.start_as_current_span("work"):
            app.fail20()

    return repeated(work)


def logs() -> Any:
    """A provider of loggers that drops what the logger `app` sends to it."""
    from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor

    class Dropping(LogRecordProcessor):
        def on_emit(self, log_record: Any) -> None: ...
        def shutdown(self) -> None: ...
        def force_flush(self, timeout_millis: int = 0) -> bool:
            return True

    logs = LoggerProvider(shutdown_on_exit=False)
    logs.add_log_record_processor(Dropping())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its successor is in contrib
        from opentelemetry.sdk._logs import LoggingHandler

        handler = LoggingHandler(logger_provider=logs)
    log = logging.getLogger("app")
    log.addHandler(handler)
    log.propagate = False
    return logs


def _logging(app: Any) -> Work:
    log = logging.getLogger("app")
    return repeated(lambda: app.warn(log))


def _batch(work: Callable[[], object]) -> Work:
    """*work*, once, which is as much as CALLS calls."""

    def run(_: int) -> None:
        work()

    return run


def encoding(app: Any, lib: Any, size: int) -> Callable[[], object]:
    """What an exporter does to a batch of *size* spans before it sends them."""
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

    from aiprov_otel import ProvenanceSpanProcessor
    from aiprov_otel.runtime.exporters import Batch

    class Kept(SpanProcessor):
        spans: Final = list[ReadableSpan]()

        def on_end(self, span: ReadableSpan) -> None:
            self.spans.append(span)

    exported = provider()
    exported.add_span_processor(ProvenanceSpanProcessor())
    exported.add_span_processor(Kept())
    for _ in range(size):
        app.span(exported.get_tracer("bench"), 1, lib.span)

    encode = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter").encode_spans

    def work() -> None:
        encode(Batch(Kept.spans)).SerializeToString()

    for _ in range(4):
        work()  # the first batches are encoded by the SDK too
    return work


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
