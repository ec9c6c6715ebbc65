"""
What provenance costs, as ratios against the same thing bare, in one process, interleaved.

Every round times each variant once, in a shuffled order, in thread CPU time; a ratio is taken
within the round, and the median over the rounds is what is printed. Run it with `make bench`.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import aiprov_otel
from aiprov_otel.manifest import Run, SourceFile, content_hash, dump
from aiprov_otel.values import Evidence, Match, Origin, Provenance

ROUNDS = 60
CALLS = 300
FAILURES = 30

APPLICATION = """
from aiprov_otel import provenance

@provenance
def decorated():
    pass

def span(tracer, frames, library):
    library(tracer, frames)

def attributed(tracer, attributes):
    with tracer.start_as_current_span("work", attributes=attributes):
        pass

def warn(log):
    log.warning("%s items are left", 3)

def fail0():
    raise ValueError("no")
"""
APPLICATION += "".join(
    f"""
def fail{n + 1}():
    return fail{n}()
"""
    for n in range(20)
)
LIBRARY = """
def span(tracer, frames):
    if frames > 1:
        span(tracer, frames - 1)
    else:
        with tracer.start_as_current_span("work"):
            pass
"""
LINE = Provenance(
    Origin.AI,
    "claude-code",
    "claude-opus-4-6",
    "anthropic",
    "c" * 40,
    "2026-05-04T10:00:00Z",
    Evidence.CO_AUTHOR,
    path="app.py",
    match=Match.EXACT,
)

Work = Callable[[], None]


def main() -> None:
    """Measure and print."""
    print(f"Python {sys.version.split()[0]}, medians of {ROUNDS} rounds")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app, lib = modules(folder)
        with aiprov_otel.install(manifest=folder / "aiprov.manifest"):
            _spans(app, lib)
        _failures(app, folder / "aiprov.manifest")


def modules(folder: Path) -> tuple[Any, Any]:
    """A module of the application, in a manifest, and one of a library that is in none."""
    (folder / "app.py").write_text(APPLICATION)
    (folder / "lib.py").write_text(LIBRARY)
    os.utime(folder / "app.py", (1, 1))
    runs = (Run(1, APPLICATION.count("\n"), LINE),)
    source = SourceFile("app.py", "app.py", content_hash(APPLICATION.encode()), runs)
    dump(folder / "aiprov.manifest", [source], revision=None, repository_url=None, policy={})
    sys.path.insert(0, str(folder))
    return import_module("app"), import_module("lib")


def _spans(app: Any, lib: Any) -> None:
    bare, ours = provider(), provider()
    dark, ours_dark = provider(sampler=ALWAYS_OFF), provider(sampler=ALWAYS_OFF)
    trace.set_tracer_provider(ours)  # of the four, the two of ours get our processor
    ours_dark.add_span_processor(aiprov_otel.ProvenanceSpanProcessor())

    def foreign(provider: TracerProvider, frames: int) -> Work:
        tracer = tracer_of(provider)
        return lambda: app.span(tracer, frames, lib.span)

    pairs = {
        "a @provenance span with all its attributes": (app.decorated, plain(bare)),
        "a foreign span, 5 library frames below ours": (foreign(ours, 5), foreign(bare, 5)),
        "a foreign span, 20 library frames below ours": (foreign(ours, 20), foreign(bare, 20)),
        "a foreign span that is not sampled": (foreign(ours_dark, 5), foreign(dark, 5)),
    }
    pairs |= {f"a span of {name}, for comparison": (peer, plain(bare)) for name, peer in _peers()}
    print("A span (1.00 = the same span of the SDK, bare)")
    for label, ratio in _ratios(pairs).items():
        print(f"  {label:<46} x {ratio:.2f}")


def _peers() -> Iterator[tuple[str, Work]]:
    """What others decorate a function with, where they are installed."""
    if find_spec("logfire"):
        logfire = import_module("logfire")
        logfire.configure(send_to_logfire=False, console=False, metrics=False)
        yield "logfire.instrument", logfire.instrument()(_nothing)
    if find_spec("autometrics"):
        autometrics = import_module("autometrics")
        autometrics.init(tracker="opentelemetry")
        yield "autometrics", autometrics.autometrics(_nothing)


def _nothing() -> None:
    pass


def provider(**known: Any) -> TracerProvider:
    """A provider that `install()` does not meet: it is begun by the SDK's own `__init__`."""
    provider = TracerProvider.__new__(TracerProvider)
    init = getattr(TracerProvider.__init__, "__wrapped__", TracerProvider.__init__)
    init(provider, **known)
    provider.add_span_processor(SpanProcessor())
    return provider


def tracer_of(provider: TracerProvider) -> trace.Tracer:
    """A tracer of *provider*, which does not meet `install()` either."""
    get = getattr(TracerProvider.get_tracer, "__wrapped__", TracerProvider.get_tracer)
    tracer: trace.Tracer = get(provider, "bench")
    return tracer


def plain(provider: TracerProvider) -> Work:
    """A span of *provider*, and nothing else."""
    tracer = tracer_of(provider)

    def work() -> None:
        with tracer.start_as_current_span("work"):
            pass

    return work


def _ratios(pairs: dict[str, tuple[Work, Work]]) -> dict[str, float]:
    ratios: dict[str, list[float]] = {label: [] for label in pairs}
    for _ in range(ROUNDS):
        for label in random.sample(list(pairs), len(pairs)):
            ours, bare = pairs[label]
            ratios[label].append(_seconds(ours, CALLS) / _seconds(bare, CALLS))
    return {label: statistics.median(found) for label, found in ratios.items()}


def _failures(app: Any, manifest: Path) -> None:
    """A span that fails 20 frames down; bare is measured while ours is uninstalled."""
    tracer = provider().get_tracer("bench")

    def work() -> None:
        with suppress(ValueError), tracer.start_as_current_span("work"):
            app.fail20()

    ratios = []
    for _ in range(ROUNDS):
        bare = _seconds(work, FAILURES)
        with aiprov_otel.install(manifest=manifest):
            ratios.append(_seconds(work, FAILURES) / bare)
    print("A failing span (1.00 = plain OpenTelemetry)")
    print(f"  {'an exception raised 20 frames down':<46} x {statistics.median(ratios):.2f}")


def _seconds(work: Work, calls: int) -> float:
    """Thread CPU time of *calls* calls, after one to warm up."""
    work()
    begin = time.thread_time()
    for _ in range(calls):
        work()
    return time.thread_time() - begin


if __name__ == "__main__":
    main()
