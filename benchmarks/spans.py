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
from collections.abc import Callable
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

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

def fail(depth):
    if depth:
        fail(depth - 1)
    else:
        raise ValueError("no")
"""
LIBRARY = """
def span(tracer, frames):
    if frames:
        span(tracer, frames - 1)
    else:
        with tracer.start_as_current_span("work"):
            pass
"""


def application(folder: Path) -> tuple[object, object]:
    """A module of the application, in a manifest, and one of a library that is in none."""
    from aiprov_otel.manifest import Run, SourceFile, content_hash, dump
    from aiprov_otel.values import Evidence, Match, Origin, Provenance

    (folder / "app.py").write_text(APPLICATION)
    (folder / "lib.py").write_text(LIBRARY)
    os.utime(folder / "app.py", (1, 1))
    line = Provenance(
        Origin.AI, "claude-code", "claude-opus-4-6", "anthropic", "c" * 40,
        "2026-05-04T10:00:00Z", Evidence.CO_AUTHOR, "app.py", None, Match.EXACT,
    )  # fmt: skip
    runs = (Run(1, APPLICATION.count("\n"), line),)
    source = SourceFile("app.py", "app.py", content_hash(APPLICATION.encode()), runs)
    dump(folder / "aiprov.manifest", [source], revision=None, repository_url=None, policy={})
    sys.path.insert(0, str(folder))
    import app
    import lib

    return app, lib


def measure(variants: dict[str, Callable[[], None]], calls: int) -> dict[str, list[float]]:
    """Seconds of thread CPU time of *calls* calls, a value a round."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name in random.sample(list(variants), len(variants)):
            run = variants[name]
            begin = time.thread_time()
            for _ in range(calls):
                run()
            times[name].append(time.thread_time() - begin)
    return times


def report(title: str, pairs: dict[str, tuple[str, str]], times: dict[str, list[float]]) -> None:
    """Print the median of each pair's ratios."""
    print(title)
    for label, (ours, bare) in pairs.items():
        ratio = statistics.median(a / b for a, b in zip(times[ours], times[bare], strict=True))
        print(f"  {label:<58} x {ratio:.2f}")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        app, lib = application(Path(name))
        run(app, lib, str(Path(name) / "aiprov.manifest"))


def run(app: object, lib: object, manifest: str) -> None:
    """The three comparisons; `bare` is a provider of its own that we never touch."""
    import aiprov_otel

    bare, ours, off = TracerProvider(), TracerProvider(), TracerProvider(sampler=ALWAYS_OFF)
    for provider in (bare, ours, off):
        provider.add_span_processor(SpanProcessor())
    trace.set_tracer_provider(ours)
    plain, annotated, unsampled = (p.get_tracer("bench") for p in (bare, ours, off))
    raw_off = TracerProvider(sampler=ALWAYS_OFF).get_tracer("bench")
    installation = aiprov_otel.install(manifest=manifest)

    def with_span(tracer: trace.Tracer) -> Callable[[], None]:
        def work() -> None:
            with tracer.start_as_current_span("work"):
                pass

        return work

    def foreign(tracer: trace.Tracer, frames: int) -> Callable[[], None]:
        return lambda: app.span(tracer, frames, lib.span)  # type: ignore[attr-defined]

    variants = {
        "bare": with_span(plain),
        "decorated": app.decorated,  # type: ignore[attr-defined]
        "bare 5": foreign(plain, 5),
        "ours 5": foreign(annotated, 5),
        "bare 20": foreign(plain, 20),
        "ours 20": foreign(annotated, 20),
        "bare off": foreign(raw_off, 5),
        "ours off": foreign(unsampled, 5),
    }
    times = measure(variants, CALLS)
    report(
        "A span (1.00 = the same span of the SDK, bare)",
        {
            "@provenance, all attributes, against `with start_as_current_span`": (
                "decorated",
                "bare",
            ),
            "a foreign span, 5 library frames below the application": ("ours 5", "bare 5"),
            "a foreign span, 20 library frames below the application": ("ours 20", "bare 20"),
            "a foreign span that is not sampled": ("ours off", "bare off"),
        },
        times,
    )
    failing(app, plain, installation)


def failing(app: object, tracer: trace.Tracer, installation: object) -> None:
    """A span that fails 20 frames down; bare is measured with ours uninstalled, round by round."""
    import aiprov_otel

    def work() -> None:
        try:
            with tracer.start_as_current_span("work"):
                app.fail(20)  # type: ignore[attr-defined]
        except ValueError:
            pass

    ratios = []
    for _ in range(ROUNDS // 2):
        ours = timed(work)
        installation.uninstall()  # type: ignore[attr-defined]
        bare = timed(work)
        installation = aiprov_otel.install()
        ratios.append(ours / bare)
    print("A failing span (1.00 = plain OpenTelemetry)")
    print(f"  {'an exception raised 20 frames down':<58} x {statistics.median(ratios):.2f}")


def timed(work: Callable[[], None]) -> float:
    """Seconds of thread CPU time of a few failures, warmed up."""
    work()
    begin = time.thread_time()
    for _ in range(FAILURES):
        work()
    return time.thread_time() - begin


if __name__ == "__main__":
    main()
