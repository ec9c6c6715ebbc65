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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any

from hot_paths import CALLS, Work, logs, repeated
from instructions import counted
from spans import LINE, modules, provider

from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump

DEPTHS = (1, 5, 20, 60)
ATTRIBUTES = (0, 8, 32)
FUNCTIONS = (1, 100, 1_000)
RAISED = (1, 20)


def main(arguments: list[str]) -> int:
    """Print the table, or do what the table counts."""
    if arguments == ["--serve"]:
        serve()
    else:
        print("\n".join(lines()))
    return 0


def lines() -> Iterator[str]:
    """The table."""
    without, ours = costs(disabled=True), costs(disabled=False)
    yield "| path | without, thousands | with | x |"
    yield "| --- | --- | --- | --- |"
    for name, bare in without.items():
        full = ours[name]
        yield f"| {name} | {bare / 1000:.1f} | {full / 1000:.1f} | {full / bare:.2f} |"


def costs(*, disabled: bool) -> dict[str, float]:
    """The instructions of one call of each path."""
    command = [sys.executable, __file__, "--serve"]
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


def serve() -> None:
    """Run each path that stdin names, as often as it wants."""
    with paths() as works:
        print(json.dumps(list(works)), flush=True)
        for line in sys.stdin:
            name, calls = json.loads(line)
            works[name](calls)
            print(flush=True)


@contextmanager
def paths() -> Iterator[dict[str, Work]]:
    """The paths, by what they are."""
    import aiprov_otel

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app, lib = modules(folder)
        many = _many(folder)
        tracers = provider()
        manifest = Manifest.load(folder / "aiprov.manifest")
        with aiprov_otel.install(
            manifest=manifest, tracer_provider=tracers, logger_provider=logs()
        ):
            tracer = tracers.get_tracer("bench")
            log = logging.getLogger("app")
            works: dict[str, Work] = {}
            for depth in DEPTHS:
                label = f"a span of a library, {depth} of its frames below ours"
                works[label] = repeated(partial(app.span, tracer, depth, lib.span))
            for count in ATTRIBUTES:
                label = f"a span with {count} attributes of its own"
                known = {f"key{n}": "value" for n in range(count)}
                works[label] = repeated(partial(app.attributed, tracer, known))
            for count in FUNCTIONS:
                functions = cycle([getattr(many, f"f{n}") for n in range(count)])
                label = f"a span, from {count:,} functions in turn"
                works[label] = repeated(partial(_next, functions, tracer))
            for depth in RAISED:
                fail = getattr(app, f"fail{depth}")
                label = f"a span that fails, {depth} frames down"
                works[label] = repeated(partial(_failing, tracer, fail))
            works["a log record, through OpenTelemetry's handler"] = repeated(
                partial(app.warn, log)
            )
            yield works


def _many(folder: Path) -> Any:
    """A module with many functions that open spans."""
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
    dump(folder / "aiprov.manifest", files, revision=None, repository_url=None, policy={})
    return import_module("many")


def _next(functions: Iterator[Any], tracer: Any) -> None:
    next(functions)(tracer)


def _failing(tracer: Any, fail: Any) -> None:
    with suppress(ValueError), tracer.start_as_current_span("work"):
        fail()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
