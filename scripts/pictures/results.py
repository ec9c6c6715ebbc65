"""What the queries of a dashboard return, for the page that draws it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pictures import traces
from pictures.staged import MINUTES, Shop
from support.clickhouse import ClickHouse
from support.prometheus import ask

CHOSEN: Final = {
    "prometheus": "prometheus-1",
    "tempo": "tempo-1",
    "clickhouse": "grafana-clickhouse-datasource-1",
    "service": ["shop"],
    "job": ["shop"],
    "route": "$__all",
    "model": "$__all",
    "budget": "0.001",
    "forge": "https://forge.example/shop/commit",
}
"""What the reader of the dashboard chose, by variable."""

_PUT_IN: Final = {
    "$__rate_interval": "4m",
    "$__range": f"{MINUTES}m",
    "$service": "shop",
    "$route": ".*",
    "$model": ".*",
    "$job": "shop",
    "${budget}": CHOSEN["budget"],
}
COLORS: Final = ["purple", "blue", "orange", "#8a919e", "yellow", "red", "green", "text"]
"""What dashboards name; a theme decides what each looks like."""

_NUMBERS: Final = re.compile(r"U?Int\d+|Float\d+")

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """
    What there is to ask about six hours of a shop.

    Attributes:
        prometheus: its address.
        clickhouse: with the same six hours.
        shop: what was sent; what Tempo would answer is worked out from its spans.
        end: of the six hours, in seconds.
    """

    prometheus: str
    clickhouse: ClickHouse
    shop: Shop
    end: float = field(default_factory=time.time)

    def given(self, board: Row) -> Row:
        """Returns what the page needs to draw *board*."""
        variables = {one["name"]: one for one in board["templating"]["list"]}
        chosen = {name: CHOSEN[name] for name in variables}
        if "service" in variables and not variables["service"]["multi"]:
            chosen["service"] = "shop"
        panels = [*unfolded(board)]
        return {
            "board": board | {"panels": panels},
            "answers": {panel["id"]: dict(self._answers(panel)) for panel in panels},
            "marks": list(self._marks(board)),
            "chosen": chosen,
            "colors": COLORS,
            "from": int((self.end - MINUTES * 60) * 1000),
            "to": int(self.end * 1000),
        }

    def _answers(self, panel: Row) -> Iterator[tuple[str, Row]]:
        for target in panel.get("targets", ()):
            if "rawSql" in target:
                answer = self._sql(target["rawSql"], panel["type"] == "timeseries")
            elif "query" in target:
                answer = traces.answer(target["query"], self.shop.spans)
            elif target["range"]:
                answer = self._over_time(target["expr"])
            else:
                asked = {"query": _filled(target["expr"]), "time": str(self.end)}
                answer = ask(self.prometheus, "query", **asked)
            yield target["refId"], answer

    def _marks(self, board: Row) -> Iterator[float]:
        """When deployments began."""
        (mark,) = board["annotations"]["list"]
        if "expr" in mark:
            yield from (
                float(one["values"][0][0]) for one in self._over_time(mark["expr"])["result"]
            )
        else:
            times = self._sql(mark["target"]["rawSql"], over_time=False)["columns"][0]
            yield from (at / 1000 for at in times["values"])

    def _over_time(self, expr: str) -> Row:
        begin = self.end - MINUTES * 60
        asked = {"query": _filled(expr), "start": str(begin), "end": str(self.end), "step": "60"}
        answer: Row = ask(self.prometheus, "query_range", **asked)
        return answer

    def _sql(self, statement: str, over_time: bool) -> Row:
        end = int(self.end)
        for pattern, put in (
            (r"\$__timeFilter\((\w+)\)", rf"\1 > toDateTime({end - MINUTES * 60})"),
            (r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 300 s)"),
            (r"\$\{service:singlequote\}", "'shop'"),
        ):
            statement = re.sub(pattern, put, statement)
        asked = {"database": "otel", "default_format": "JSONCompact"}
        quoted = {"output_format_json_quote_64bit_integers": "0"}
        found = json.loads(self.clickhouse.query(statement, asked | quoted))
        columns = [
            _column(one["name"], one["type"], [row[number] for row in found["data"]])
            for number, one in enumerate(found["meta"])
        ]
        return _series(columns) if over_time else {"columns": columns}


def unfolded(board: Row) -> Iterator[Row]:
    """Returns all panels of *board*, and the headings of rows, which are open."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", ())


def _filled(text: str) -> str:
    for variable, value in _PUT_IN.items():
        text = text.replace(variable, str(value))
    return text


def _column(name: str, of: str, values: list[Any]) -> Row:
    if of.startswith("DateTime"):
        return {
            "name": name,
            "type": "time",
            "values": [traces.milliseconds(one) for one in values],
        }
    return {"name": name, "type": "number" if _NUMBERS.search(of) else "string", "values": values}


def _series(columns: list[Row]) -> Row:
    """The first column is the time, the second names the series, the third has the values."""
    points: dict[str, list[tuple[float, float]]] = {}
    for at, name, value in zip(*(one["values"] for one in columns), strict=True):
        points.setdefault(name, []).append((at / 1000, value))
    key = columns[1]["name"]
    return {
        "series": [
            {"name": name, "labels": {key: name}, "points": each} for name, each in points.items()
        ]
    }
