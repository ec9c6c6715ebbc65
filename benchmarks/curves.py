"""
How the cost of a span, an exception and a log record grows, in instructions, with and without us.

    python benchmarks/curves.py

Two processes do the same under valgrind; in one of them aiprov-otel is disabled. Nothing is
exported. `make results` writes the table into RESULTS.md.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any

from hot_paths import CALLS, Work, encoding, logs, repeated
from instructions import counted
from spans import LINE, modules, provider

from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump

DEPTHS = (1, 5, 20, 60)
ATTRIBUTES = (0, 8, 32)
FUNCTIONS = (1, 100, 1_000)
RAISED = (1, 20)
THREADS = (1, 4, 16)
BATCHES = (1, 20, 200)  # spans; an exporter sends every five seconds by default
LINES = (1_000, 100_000, 1_000_000)


def main(arguments: list[str]) -> int:
    """Print the table, or do what the table counts."""
    if arguments[:1] == ["--serve"]:
        serve(int(arguments[1]))
    else:
        print("\n".join(lines()))
    return 0


def lines() -> Iterator[str]:
    """The table."""
    without, ours = (
        {name: cost for count in LINES for name, cost in costs(count, disabled=disabled).items()}
        for disabled in (True, False)
    )
    yield "| path | without, thousands | with | x |"
    yield "| --- | --- | --- | --- |"
    for name, bare in without.items():
        full = ours[name]
        yield f"| {name} | {bare / 1000:.1f} | {full / 1000:.1f} | {full / bare:.2f} |"


def costs(count: int, *, disabled: bool) -> dict[str, float]:
    """The instructions of one call of each path, in a process with *count* lines of manifest."""
    command = [sys.executable, __file__, "--serve", str(count)]
    environ = os.environ | {"AIPROV_DISABLED": str(disabled).lower()}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environ}
    with counted(command, **pipes) as child:
        stdin, stdout = child.process.stdin, child.process.stdout
        assert stdin is not None
        assert stdout is not None
        names = json.loads(stdout.readline())

        def run(name: str, calls: int) -> None:
            print(json.dumps([name, calls]), file=stdin, flush=True)
            stdout.readline()

        for name in names:
            run(name, max(FUNCTIONS))  # to meet every line
        found = {name: child.count(partial(run, name, CALLS)) / CALLS for name in names}
        stdin.close()
    return found


def serve(count: int) -> None:
    """Run each path that stdin names, as often as it wants."""
    with paths(count) as works:
        print(json.dumps(list(works)), flush=True)
        for line in sys.stdin:
            name, calls = json.loads(line)
            works[name](calls)
            print(flush=True)


@contextmanager
def paths(count: int) -> Iterator[dict[str, Work]]:
    """The paths, by what they are; with the most lines, only the one that they could slow down."""
    import aiprov_otel

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app, lib = modules(folder)
        many = _many(folder, count)
        tracers = provider()
        manifest = Manifest.load(folder / "aiprov.manifest")
        with aiprov_otel.install(
            manifest=manifest, tracer_provider=tracers, logger_provider=logs()
        ):
            tracer = tracers.get_tracer("bench")
            log = logging.getLogger("app")
            works: dict[str, Work] = {}
            works[f"a span, with {count:,} lines in the manifest"] = repeated(
                partial(app.span, tracer, 1, lib.span)
            )
            if count > min(LINES):
                yield works
                return
            for depth in DEPTHS:
                label = f"a span of a library, {depth} of its frames below ours"
                works[label] = repeated(partial(app.span, tracer, depth, lib.span))
            for number in ATTRIBUTES:
                label = f"a span with {number} attributes of its own"
                known = {f"key{n}": "value" for n in range(number)}
                works[label] = repeated(partial(app.attributed, tracer, known))
            for number in FUNCTIONS:
                functions = cycle([getattr(many, f"f{n}") for n in range(number)])
                label = f"a span, from {number:,} functions in turn"
                works[label] = repeated(partial(_next, functions, tracer))
            for depth in RAISED:
                fail = getattr(app, f"fail{depth}")
                label = f"a span that fails, {depth} frames down"
                works[label] = repeated(partial(_failing, tracer, fail))
            works["a log record, through OpenTelemetry's handler"] = repeated(
                partial(app.warn, log)
            )
            for size in BATCHES:
                label = f"encoding a span, in a batch of {size}"
                works[label] = _in_batches(encoding(app, lib, size), size)
            with ExitStack() as stack:
                for number in THREADS:
                    pool = stack.enter_context(ThreadPoolExecutor(number))
                    works[f"a span, on {number} threads"] = partial(
                        _on_threads,
                        pool,
                        number,
                        works["a span of a library, 1 of its frames below ours"],
                    )
                yield works


def _in_batches(work: Callable[[], object], size: int) -> Work:
    repeat = repeated(work)
    return lambda calls: repeat(calls // size)


def _on_threads(pool: ThreadPoolExecutor, number: int, work: Work, calls: int) -> None:
    list(pool.map(work, [calls // number] * number))


def _many(folder: Path, count: int) -> Any:
    """A module with many functions that open spans, in a manifest of *count* lines more."""
    code = "".join(
        f'def f{n}(tracer):\n    with tracer.start_as_current_span("work"):\n        pass\n'
        for n in range(max(FUNCTIONS))
    )
    (folder / "many.py").write_text(code)
    os.utime(folder / "many.py", (1, 1))
    files = []
    for name in ("app", "many"):
        content = (folder / f"{name}.py").read_bytes()
        runs = (Run(1, content.count(b"\n"), LINE),)
        files.append(SourceFile(f"{name}.py", f"{name}.py", content_hash(content), runs))
    others = tuple(Run(line, 5, LINE) for line in range(1, 1_000, 5))
    files += [
        SourceFile(f"other{n}.py", f"other{n}.py", content_hash(b"%d" % n), others)
        for n in range(count // 1_000)
    ]
    dump(folder / "aiprov.manifest", files, revision=None, repository_url=None, policy={})
    return import_module("many")


def _next(functions: Iterator[Any], tracer: Any) -> None:
    next(functions)(tracer)


def _failing(tracer: Any, fail: Any) -> None:
    with suppress(ValueError), tracer.start_as_current_span("work"):
        fail()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
