"""
Send the shop of the demo through the pipeline, and print what each shipped expression returns.

    PYTHONPATH=tests python scripts/expressions.py

Metrics come from a real Collector and Prometheus, as `scripts/servers` builds them, rows from
ClickHouse's engine, traces from Tempo where one is on the PATH.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from aiprov_otel.backends import texts
from aiprov_otel.demo import customers, load
from aiprov_otel.demo.shop import lay_out
from dashboards.prometheus_names import CALLS, COLLECTOR, TEMPO
from support import tempo
from support.expressions import Expression, expressions
from support.pipeline import Pipeline, pipeline, why_not
from support.prometheus import ask
from support.servers import prometheus
from support.shop import deployed
from support.waiting import until

_VIEWS: Final = "clickhouse/views/otel_"
_MAY_BE_EMPTY: Final = (
    "SELECT min(Timestamp)",  # a second deployment: there is one
    'aiprov_error_outcome="handled"',  # the shop handles none
    'SPAN_KIND_CONSUMER",aiprov_model_name',  # the marks of the shop's handlers name no model
    ">= 10",  # a ratio: an origin may have fewer failures
    "_unknown_allowed)",  # an alert: the shop's code is known
    "aiprov:route_requests:rate1h > 0) == 2",  # routes that both origins serve, and what is
    "aiprov:route_errors:rate1h{",  # made of them: the shop has none
)
"""What stands in expressions that have nothing to say of the shop."""

_WRONG: Final = ("failed", "should have returned rows")

Asked = Mapping[str, Callable[[str], int]]
"""How many rows an expression of a language returns."""

Counted = Mapping[str, Callable[[], int]]
"""How far a counter is."""


def main() -> int:
    """Print a line for each expression; 1 if one failed, or has nothing to say that should have."""
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
    return int(not outcomes.keys().isdisjoint(_WRONG))


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
    counted = [COLLECTOR.calls] + [TEMPO.calls] * ("TraceQL" in asked)
    _serve(found, folder, {name: partial(_counted, metrics, name) for name in [*counted, CALLS]})
    return asked


def _serve(found: Pipeline, folder: Path, counted: Counted) -> None:
    """Let customers come three times, since a rate needs two samples, and wait for all counters."""
    for name, text in texts().items():
        if name.startswith(_VIEWS):
            found.clickhouse.ask(text)
    with deployed(lay_out(folder / "shop"), found.endpoint) as address:
        for seed in (1, 2, 3):
            before = counted[CALLS]()
            load.drive(address, customers.plan(200, seed))
            _wait(found, counted, before)
    _wait(found, counted, before)


def _wait(found: Pipeline, counted: Counted, before: int) -> None:
    """Until every span is counted, and more calls of functions than *before*."""
    spans = counted.keys() - {CALLS}
    until(
        lambda: all(counted[name]() == len(found.sent.rows) for name in spans),
        f"all spans are in {' and in '.join(spans)}",
    )
    until(lambda: counted[CALLS]() > before, f"more calls are in {CALLS}")


def _counted(metrics: str, name: str) -> int:
    return sum(
        int(one["value"][1]) for one in ask(metrics, "query", query=f"sum({name})")["result"]
    )


def _outcome(one: Expression, asked: Asked) -> tuple[str, str]:
    """What to print before an expression, and what to count it as."""
    if one.file.startswith(_VIEWS):
        return "created", "views created"
    of_tempo = any(name in one.text for name in (TEMPO.calls, TEMPO.seconds))
    if "TraceQL" not in asked and (one.language == "TraceQL" or of_tempo):
        return "-", "not asked: there is no tempo"
    try:
        rows = asked[one.language](one.text)
    except (OSError, RuntimeError) as error:
        print(error)
        return "failed", "failed"
    if rows:
        return str(rows), "returned rows"
    known = any(part in " ".join(one.text.split()) for part in _MAY_BE_EMPTY)
    return "0", "returned none, as is known" if known else _WRONG[1]


if __name__ == "__main__":
    sys.exit(main())
