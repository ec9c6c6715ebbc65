"""
What provenance costs a service: the time of a call, as a multiple of a plain SDK span.

Rounds with and without are interleaved, so that a busy machine disturbs both; the median of their
ratios is what holds from machine to machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

from opentelemetry.sdk.trace import TracerProvider

import aiprov_otel
from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump
from aiprov_otel.values import Evidence, Origin, Provenance

ROUNDS, CALLS = 41, 500

provider = TracerProvider()
tracer = provider.get_tracer(__name__)


def spanned() -> None:
    """An ordinary span around an ordinary function."""
    with tracer.start_as_current_span("work"):
        pass


@aiprov_otel.provenance
def decorated() -> None:
    """The same span, by our decorator."""


def failing() -> None:
    """A span that ends with an exception."""
    with suppress(KeyError), tracer.start_as_current_span("work"):
        raise KeyError


def main() -> None:
    """Print one line a way of calling."""
    print(f"Python {sys.version.split()[0]}, {ROUNDS} rounds of {CALLS} calls")
    with tempfile.TemporaryDirectory() as folder:
        manifest = _manifest(Path(folder))
        _compare("a span, annotated", manifest, spanned, spanned)
        _compare("a span of @provenance", manifest, decorated, spanned)
        _compare("a failing span, annotated", manifest, failing, failing)


def _manifest(folder: Path) -> Manifest:
    """A manifest that says an agent wrote this file."""
    data = Path(__file__).read_bytes()
    lines = data.count(b"\n")
    agent = Provenance(Origin.AI, "an-agent", "a-model", commit="0" * 40, evidence=Evidence.NOTE)
    runs = (Run(1, lines, agent),)
    source = SourceFile("runtime.py", "runtime.py", content_hash(data), runs)
    dump(folder / "manifest", [source], revision=None, repository_url=None, policy={})
    return Manifest.load(folder / "manifest")


def _compare(
    name: str, manifest: Manifest, ours: Callable[[], None], plain: Callable[[], None]
) -> None:
    ratios, times = [], []
    for _ in range(ROUNDS):
        without = _seconds(plain)
        with _installed(manifest):
            times.append(_seconds(ours))
        ratios.append(times[-1] / without)
    print(f"{name:<28} {median(ratios):5.2f} x   {median(times) * 1e6:7.1f} us")


@contextmanager
def _installed(manifest: Manifest) -> Iterator[None]:
    """Ours, on a provider of its own: a processor can't be taken off again."""
    global provider, tracer  # noqa: PLW0603 (the functions under test look them up as a service would)
    before = provider, tracer
    provider = TracerProvider()
    tracer = provider.get_tracer(__name__)
    with aiprov_otel.install(manifest=manifest, tracer_provider=provider):
        yield
    provider, tracer = before


def _seconds(call: Callable[[], None]) -> float:
    """CPU seconds of one *call*, when the caches are warm."""
    call()
    started = time.thread_time()
    for _ in range(CALLS):
        call()
    return (time.thread_time() - started) / CALLS


if __name__ == "__main__":
    main()
