"""
What a Python that `aiprov run` started runs first: lends it packages, and starts OpenTelemetry.

It is on its own, on the oldest Python that a command may start: nothing of ours can be imported
before it has decided that this is the environment which the packages are for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

TYPE_CHECKING = False  # a type checker takes it for true; importing typing costs each start
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))


def _run_the_own_one() -> None:
    """Run the `sitecustomize` that Python would have run without us."""
    sys.path[:] = [path for path in sys.path if path != _HERE]
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec and spec.loader:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(module)


def _start(folder: str) -> None:
    with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
        run = json.load(file)
    if run["prefix"] and os.path.realpath(sys.prefix) != run["prefix"]:
        _report(folder, {"event": "aside"})
        return
    room = run["room"] or _ask(run["lender"])
    if "refused" in room:
        _report(folder, {"event": "refused", "why": room["refused"]})
        return
    sys.path.extend(room["folders"])
    from aiprov_otel.lending.child import start

    start(run["endpoint"], room["release"], lambda event: _report(folder, event))


def _ask(lender: dict[str, Any]) -> Any:
    """What is lent to this interpreter, which nobody knew before it started."""
    variables = {name: value for name, value in os.environ.items() if name != "AIPROV_RUN"}
    variables["PYTHONPATH"] = lender["path"]
    process = subprocess.run(
        [*lender["command"], sys.executable],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(process.stdout)


def _report(folder: str, event: Mapping[str, Any]) -> None:
    """
    Append *event* to the file that `aiprov run` reads; a line is written whole.

    Nothing happens where that can't be written: the run is over, the disk full, or the process one
    that has changed its user.
    """
    event = {"pid": os.getpid(), "executable": sys.executable, **event}
    path = os.path.join(folder, "events")
    try:
        events = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(events, json.dumps(event).encode() + b"\n")
        finally:
            os.close(events)
    except OSError:
        pass


def _is_helper() -> bool:
    """Whether this process only cleans up after others, as multiprocessing starts one."""
    return any("multiprocessing.resource_tracker" in word for word in getattr(sys, "orig_argv", ()))


try:
    _run_the_own_one()
finally:
    if (folder := os.environ.get("AIPROV_RUN")) and os.access(folder, os.W_OK) and not _is_helper():
        try:
            _start(folder)
        except Exception as error:  # the command starts without us, and `aiprov run` shows why
            _report(folder, {"event": "failed", "why": f"{type(error).__name__}: {error}"})
