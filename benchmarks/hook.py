"""
What the import hook costs: a call, and an import, against none and against others.

    python benchmarks/hook.py [PACKAGE...]

Calls are interleaved with those of autometrics' prometheus tracker, in thread CPU time; an import
is a process of its own, whose CPU time counts, with an empty cache and with a full one. Peers and
packages (django, sqlalchemy, sympy) that are not installed are left out. Run it with `make bench`.
"""

from __future__ import annotations

import importlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import aiprov_otel
from aiprov_otel.settings import Mode

ROUNDS = 60
CALLS = 2_000
IMPORTS = 5
MODULE = """\
known = {0: 0}

def call(x):
    return x

def tries(x):
    try:
        return known[0]
    except KeyError:
        return x

def handles(x):
    try:
        return known[None]
    except KeyError:
        return x
"""
WORKS = {
    "call": "a call",
    "tries": "a call with a handler, and nothing raised",
    "handles": "a call that handles an exception",
}
PACKAGES = ("django.db.models", "sqlalchemy.orm", "sympy")
MODES: tuple[Mode, ...] = ("count", "metrics", "spans")

IMPORT = """
import sys, time
mode, package = sys.argv[1:]
if mode == "logfire":
    import logfire
    logfire.configure(send_to_logfire=False, console=False)
    logfire.install_auto_tracing([package.split(".")[0]], min_duration=9)
else:
    import aiprov_otel
    import aiprov_otel.runtime.import_hook.api
    import aiprov_otel.runtime.import_hook.ast_rewriter
    import aiprov_otel.runtime.import_hook.loader
    import aiprov_otel.runtime.import_hook.call_table
if mode not in ("none", "logfire"):
    aiprov_otel.install_import_hook(
        package.split(".")[0], mode=mode, **({"min_duration": 9} if mode == "spans" else {})
    )
began = time.process_time()  # what the hook itself imports is there, whatever the mode
__import__(package)
print(time.process_time() - began)
"""

Work = Callable[[int], int]


def main(packages: list[str]) -> None:
    """Measure and print."""
    print(f"Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as name:
        _calls(Path(name))
        for package in packages or PACKAGES:
            if find_spec(package.split(".")[0]):
                _imports(package, Path(name))


def _calls(folder: Path) -> None:
    modules = _modules(folder)
    for function, said in WORKS.items():
        works: dict[str, Work] = {name: getattr(each, function) for name, each in modules.items()}
        if function == "call" and find_spec("autometrics") and find_spec("prometheus_client"):
            works["autometrics, prometheus"] = _autometrics()
        _compare(said, works)


def _compare(said: str, works: dict[str, Work]) -> None:
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name in random.sample(list(works), len(works)):
            spent[name].append(_timed(works[name]))
    print(f"\n{said}, nanoseconds added, medians of {ROUNDS} rounds")
    for name, times in spent.items():
        added = [a - b for a, b in zip(times, spent["bare"], strict=True)]
        print(f"  {name:30}{statistics.median(added):10.0f}")


def _modules(folder: Path) -> dict[str, ModuleType]:
    sys.path.insert(0, str(folder))
    for name in ("bare", *MODES):
        (folder / f"measured_{name}.py").write_text(MODULE)
    for mode in MODES:
        aiprov_otel.install_import_hook(f"measured_{mode}", mode=mode, min_duration=9)
    found = {name: importlib.import_module(f"measured_{name}") for name in ("bare", *MODES)}
    return {("spans, below min_duration" if k == "spans" else k): v for k, v in found.items()}


def _autometrics() -> Work:
    autometrics = importlib.import_module("autometrics")
    autometrics.init(tracker="prometheus")

    def call(x: int) -> int:
        return x

    work: Work = autometrics.autometrics(call)
    return work


def _timed(work: Work) -> float:
    began = time.thread_time_ns()
    for number in range(CALLS):
        work(number)
    return (time.thread_time_ns() - began) / CALLS


def _imports(package: str, folder: Path) -> None:
    print(f"\nimport {package}, CPU time against no hook, medians of {IMPORTS}: cold, warm")
    modes = ["none", "annotate", *MODES, *(["logfire"] if find_spec("logfire") else [])]
    cold = {mode: [_import(package, mode, folder / f"c{n}{mode}") for n in range(IMPORTS)]
            for mode in modes}  # fmt: skip
    warm: dict[str, list[float]] = {mode: [] for mode in modes}
    for _ in range(IMPORTS):
        for mode in modes:
            warm[mode].append(_import(package, mode, folder / f"c0{mode}"))
    for mode in modes:
        print(f"  {mode:12}{_ratio(cold, mode):8.2f}{_ratio(warm, mode):8.2f}")


def _ratio(spent: dict[str, list[float]], mode: str) -> float:
    return statistics.median(a / b for a, b in zip(spent[mode], spent["none"], strict=True))


def _import(package: str, mode: str, cache: Path) -> float:
    # Of the libraries, only the package itself may be cold: the first start has filled the others.
    environ = {**os.environ, "PYTHONPYCACHEPREFIX": str(cache), "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", IMPORT, mode, package]
    return float(
        subprocess.check_output(command, env=environ, text=True, stderr=subprocess.DEVNULL)
    )


if __name__ == "__main__":
    main(sys.argv[1:])
