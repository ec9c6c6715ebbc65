"""
Send the shop of the demo through the pipeline, and print what each shipped expression returns.

    PYTHONPATH=tests python scripts/expressions.py

Metrics come from a real Collector and Prometheus, as `scripts/servers` builds them, rows from
ClickHouse's engine, traces from Tempo where one is on the PATH.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from aiprov_otel.backends.files import texts
from aiprov_otel.backends.names import TEMPO
from aiprov_otel.demo import customers, load
from aiprov_otel.demo.layout import lay_out
from support import tempo
from support.expressions import Expression, expressions
from support.pipeline import Pipeline, pipeline, why_not
from support.prometheus import ask
from support.servers import prometheus
from support.shop import deployed

_VIEWS: Final = "clickhouse/views/otel_"
_PAUSE: Final = 18  # seconds: a rate needs two samples, and Tempo sends one in fifteen

Asked = Mapping[str, Callable[[str], int]]
"""How many rows an expression of a language returns."""


def main() -> int:
    """Print a line for each expression; 1 if one failed."""
    if reason := why_not():
        print(reason)
        return 0
    outcomes = Counter[str]()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        asked = _served(Path(folder), stack)
        for one in expressions():
            said, outcome = _outcome(one, asked)
            outcomes[outcome] += 1
            print(
                f"{said:>8}  {one.language:<7}  {one.file:<42}  {' '.join(one.text.split())[:110]}"
            )
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items())))
    return int("failed" in outcomes)


def _served(folder: Path, stack: ExitStack) -> Asked:
    """Run everything, send the shop its customers, and say whom to ask then."""
    rules = [text for name, text in texts().items() if name.endswith(".rules.yml")]
    metrics = stack.enter_context(prometheus(folder, rules))
    asked: dict[str, Callable[[str], int]] = {}
    also = {}
    if not tempo.why_not():
        also["traces/all"], address = stack.enter_context(tempo.tempo(folder, metrics))
        asked["TraceQL"] = lambda text: len(tempo.ask(address, text))
    found = stack.enter_context(pipeline(folder, into=metrics, also=also))
    asked["SQL"] = lambda text: len(found.clickhouse.ask(text, "JSONCompactEachRow").splitlines())
    asked["PromQL"] = lambda text: len(ask(metrics, "query", query=text)["result"])
    _serve(found, folder)
    return asked


def _serve(found: Pipeline, folder: Path) -> None:
    for name, text in texts().items():
        if name.startswith(_VIEWS):
            found.clickhouse.ask(text)
    with deployed(lay_out(folder / "shop"), found.endpoint) as address:
        for seed in (1, 2, 3):
            load.drive(address, customers.plan(200, seed))
            time.sleep(_PAUSE)
    time.sleep(_PAUSE)


def _outcome(one: Expression, asked: Asked) -> tuple[str, str]:
    """What to print before an expression, and what to count it as."""
    if one.file.startswith(_VIEWS):
        return "created", "views created"
    if "TraceQL" not in asked and (one.language == "TraceQL" or TEMPO.calls in one.text):
        return "-", "not asked: there is no tempo"
    try:
        rows = asked[one.language](one.text)
    except (OSError, RuntimeError) as error:
        print(error)
        return "failed", "failed"
    return str(rows), "returned rows" if rows else "returned none"


if __name__ == "__main__":
    sys.exit(main())
