"""What the queries of a dashboard return, asked as Grafana would ask."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from pictures import traces
from pictures.staged import MINUTES
from support.clickhouse import ClickHouse
from support.prometheus import ask

PUT_IN: Final = {
    "$__rate_interval": "4m",
    "$__range": f"{MINUTES}m",
    "${service:pipe}": "shop",
    "$service": "shop",
    "$route": ".*",
    "$model": ".*",
    "$job": "shop",
    "${budget}": "0.001",
}
"""What the reader of the picture chose."""

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Series:
    """A course in time under a name."""

    name: str
    points: dict[float, float]


@dataclass(frozen=True)
class Results:
    """The *prometheus* at that address, *clickhouse* with the same six hours, a *tempo* or none."""

    prometheus: str
    clickhouse: ClickHouse
    tempo: str | None

    def courses(self, panel: Row) -> list[Series]:
        """Of a panel over time."""
        (target,) = panel["targets"]
        if "rawSql" in target:
            return _by_name(self._sql(target["rawSql"]))
        found = self._over_time(target["expr"])
        return [
            Series(_named(target["legendFormat"], one["metric"]), _numbers(one["values"]))
            for one in found
        ]

    def values(self, panel: Row) -> list[tuple[str, float]]:
        """Of a panel that shows the latest of each series."""
        (target,) = panel["targets"]
        if "query" in target and self.tempo:
            return traces.counted(self.tempo, filled(target["query"]))
        found = ask(self.prometheus, "query", query=filled(target["expr"]))["result"]
        return [
            (_named(target["legendFormat"], one["metric"]), float(one["value"][1])) for one in found
        ]

    def rows(self, panel: Row) -> list[Row]:
        """Of a table, after what it makes of its queries."""
        if "rawSql" in panel["targets"][0]:
            return self._sql(panel["targets"][0]["rawSql"])
        if "query" in panel["targets"][0] and self.tempo:
            return traces.spans(self.tempo, filled(panel["targets"][0]["query"]))
        merged: dict[tuple[tuple[str, str], ...], Row] = {}
        for target in panel["targets"]:
            column = "Value" if len(panel["targets"]) == 1 else f"Value #{target['refId']}"
            for one in ask(self.prometheus, "query", query=filled(target["expr"]))["result"]:
                key = tuple(sorted(one["metric"].items()))
                merged.setdefault(key, dict(one["metric"]))[column] = float(one["value"][1])
        return _arranged(list(merged.values()), panel["transformations"])

    def marks(self, board: Row) -> list[float]:
        """When deployments began."""
        (mark,) = board["annotations"]["list"]
        if "expr" in mark:
            return [float(one["values"][0][0]) for one in self._over_time(mark["expr"])]
        return [_moment(one["time"]) for one in self._sql(mark["target"]["rawSql"])]

    def _over_time(self, expr: str) -> list[Row]:
        end = time.time()
        begin = end - MINUTES * 60
        asked = {"query": filled(expr), "start": str(begin), "end": str(end), "step": "60"}
        found: list[Row] = ask(self.prometheus, "query_range", **asked)["result"]
        return found

    def _sql(self, statement: str) -> list[Row]:
        end = int(time.time())
        for pattern, put in (
            (r"\$__timeFilter\((\w+)\)", rf"\1 > toDateTime({end - MINUTES * 60})"),
            (r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 300 s)"),
            (r"\$\{service:singlequote\}", "'shop'"),
        ):
            statement = re.sub(pattern, put, statement)
        to = {"database": "otel", "default_format": "JSONEachRow"}
        quoted = {"output_format_json_quote_64bit_integers": "0"}
        said = self.clickhouse.query(statement, to | quoted)
        return [json.loads(line) for line in said.splitlines()]


def filled(text: str) -> str:
    """*text* with what Grafana puts in."""
    for variable, value in PUT_IN.items():
        text = text.replace(variable, value)
    return text


def _named(legend: str, labels: dict[str, str]) -> str:
    said: Callable[[re.Match[str]], str] = lambda found: labels.get(found[1], "")  # noqa: E731
    return re.sub(r"\{\{(\w+)\}\}", said, legend)


def _numbers(values: list[tuple[float, str]]) -> dict[float, float]:
    return {at: float(value) for at, value in values if value != "NaN"}


def _by_name(rows: list[Row]) -> list[Series]:
    """The first column is the time, the second the name, the third the value."""
    found: dict[str, dict[float, float]] = {}
    for row in rows:
        at, name, value = row.values()
        found.setdefault(name, {})[_moment(at)] = value
    return [Series(name, points) for name, points in found.items()]


def _moment(said: str) -> float:
    """A time of ClickHouse's."""
    return datetime.fromisoformat(f"{said[:19]}+00:00").timestamp()


def _arranged(rows: list[Row], transformations: list[Row]) -> list[Row]:
    """Columns renamed and left out, and rows sorted, as the panel says."""
    said = {one["id"]: one["options"] for one in transformations}
    names, order = said["organize"]["renameByName"], said["organize"]["indexByName"]
    kept = sorted({key for row in rows for key in row}, key=lambda key: order.get(key, 99))
    renamed = [{names.get(key, key): row[key] for key in kept if key in row} for row in rows]
    (by,) = said["sortBy"]["sort"]
    return sorted(renamed, key=lambda row: -row.get(by["field"], -1))
