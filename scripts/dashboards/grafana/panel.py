"""A panel of a dashboard: what it shows, and the JSON that Grafana reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from aiprov_otel.backends.grafana import look, source
from aiprov_otel.backends.grafana.look import COUNT
from aiprov_otel.backends.grafana.source import CLICKHOUSE, PROMETHEUS, Source

Kind = Literal["stat", "timeseries", "bargauge", "table", "text"]


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a table that has a query of its own.

    Attributes:
        name: its heading.
        query: what is in it; the labels are the rows.
        unit: Grafana's name of it.
    """

    name: str
    query: str
    unit: str = COUNT


@dataclass(frozen=True, slots=True)
class Panel:
    """
    What one panel shows.

    Attributes:
        title: what is seen, with what it is by.
        description: how to read it, and what it does not say.
        kind: of panel.
        query: in the language of the *source*; of a panel of text, the Markdown.
        unit: Grafana's name of it.
        legend: of a series, with its labels in double braces.
        width: of the 24 columns.
        height: in rows.
        source: what is asked.
        stacked: the series add up to something.
        bars: a course of numbers that are each of a step of time.
        logarithmic: a course of numbers that may be far apart.
        steps: from which value on which color; lines in a course.
        columns: of a table, in the place of *query*; the first decides its order.
        units: of columns that the *query* names.
        headings: of labels that mean something else here than elsewhere.
        link: address behind a value, and its title.
        linked: the column of a table whose values the link is behind.
    """

    title: str
    description: str
    kind: Kind
    query: str = ""
    unit: str = COUNT
    legend: str = ""
    width: int = 8
    height: int = 8
    source: Source = PROMETHEUS
    stacked: bool = False
    bars: bool = False
    logarithmic: bool = False
    steps: tuple[tuple[float, str], ...] = ()
    columns: tuple[Column, ...] = ()
    units: tuple[tuple[str, str], ...] = ()
    headings: tuple[tuple[str, str], ...] = ()
    link: tuple[str, str] | None = None
    linked: str = ""

    def to_json(self, number: int, x: int, y: int) -> dict[str, Any]:
        """The panel as the *number*th of its dashboard, at column *x* and row *y*."""
        common = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
        }
        if self.kind == "text":
            return common | {"options": {"mode": "markdown", "content": self.query}}
        return common | {
            "datasource": self.source.reference,
            "targets": self._targets(),
            "fieldConfig": {"defaults": self._defaults(), "overrides": self._overrides()},
            "options": look.options(self.kind, bool(self.steps or self.legend), bool(self.legend)),
            **self._transformed(),
        }

    def _targets(self) -> list[dict[str, Any]]:
        queries = [one.query for one in self.columns] or [self.query]
        return [
            {
                "refId": chr(ord("A") + number),
                "datasource": self.source.reference,
                **self._asked(query),
            }
            for number, query in enumerate(queries)
        ]

    def _asked(self, query: str) -> dict[str, Any]:
        over_time = self.kind == "timeseries"
        if self.source is CLICKHOUSE:
            return source.sql(query, over_time=over_time)
        if self.source is not PROMETHEUS:
            return source.traceql(query)
        return source.promql(
            query,
            self.legend,
            over_time=over_time,
            table=self.kind == "table",
            dots=over_time and not self.stacked,
        )

    def _defaults(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            **({} if self.kind == "table" else look.digits(self.unit)),
            **({} if self.logarithmic else {"min": 0}),
            "noValue": "no data",
            "color": {"mode": "thresholds" if self._is_colored() else "palette-classic"},
            "links": [] if self.linked else self._links(),
            "mappings": look.MAPPINGS if self.kind == "table" else [],
            "thresholds": look.thresholds(self.steps),
            "custom": self._course() if self.kind == "timeseries" else {},
        }

    def _course(self) -> dict[str, Any]:
        return look.course(self.stacked, bool(self.steps), self.bars, self.logarithmic)

    def _is_colored(self) -> bool:
        return self.kind == "stat" and bool(self.steps)

    def _links(self) -> list[dict[str, Any]]:
        if self.link is None:
            return []
        url, title = self.link
        return [{"title": title, "url": url, "targetBlank": True}]

    def _overrides(self) -> list[dict[str, Any]]:
        if self.kind != "table":
            return look.ORIGINS
        units = [*((one.name, one.unit) for one in self.columns), *self.units]
        linked = [look.override(self.linked, "links", self._links())] if self.linked else []
        return [*look.CELLS, *(look.in_unit(name, unit) for name, unit in units), *linked]

    def _transformed(self) -> dict[str, Any]:
        if not self.columns:
            return {}
        queries = {one.name: one.query for one in self.columns}
        return {"transformations": look.as_one_table(queries, dict(self.headings))}
