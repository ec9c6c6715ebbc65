"""A panel of a dashboard, and the JSON that Grafana reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dashboards.grafana import data_sources, panel_style
from dashboards.grafana.data_sources import CLICKHOUSE, PROMETHEUS, Source
from dashboards.grafana.panel_style import COUNT

Kind = Literal["stat", "timeseries", "bargauge", "table", "text"]


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a table, with a query of its own.

    Attributes:
        name: its heading.
        query: its values; their labels are the rows.
        unit: by Grafana's name.
    """

    name: str
    query: str
    unit: str = COUNT


@dataclass(frozen=True, slots=True)
class Panel:
    """
    A panel.

    Attributes:
        title: what is shown, and by which label.
        description: how to read it, and what it does not say.
        kind: Grafana's type of panel.
        query: in the language of the *source*; the Markdown of a text panel.
        unit: by Grafana's name.
        legend: the name of a series, with its labels in double braces.
        width: in columns; a row has 24.
        height: in rows.
        source: the data source to query.
        stacked: the series add up to something.
        bars: a time series of totals, one for each step.
        logarithmic: a time series of values that may be far apart.
        steps: thresholds and their colors; dashed lines in a time series.
        columns: of a table, instead of *query*; it is sorted by the first.
        units: of columns that the *query* names.
        headings: of labels that mean something else here than elsewhere.
        renamed: columns that the *query* names, and what they are called instead.
        link: the address that a value leads to, and its title.
        linked: the column of a table that has the link.
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
    renamed: tuple[tuple[str, str], ...] = ()
    link: tuple[str, str] | None = None
    linked: str = ""

    def to_json(self, number: int, x: int, y: int) -> dict[str, Any]:
        """Returns the panel as the *number*th of its dashboard, at column *x* and row *y*."""
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
            "options": panel_style.options(
                self.kind,
                bool(self.steps) or self.legend in panel_style.LEGENDS_OF_ORIGINS,
                bool(self.legend),
                bool(self.legend) and not self.steps,
            ),
            **self._transformed(),
        }

    def _targets(self) -> list[dict[str, Any]]:
        queries = [column.query for column in self.columns] or [self.query]
        return [
            {
                "refId": chr(ord("A") + number),
                "datasource": self.source.reference,
                **self._target(query),
            }
            for number, query in enumerate(queries)
        ]

    def _target(self, query: str) -> dict[str, Any]:
        over_time = self.kind == "timeseries"
        if self.source is CLICKHOUSE:
            return data_sources.sql(query, over_time=over_time)
        if self.source is not PROMETHEUS:
            return data_sources.traceql(query)
        return data_sources.promql(
            query,
            self.legend,
            over_time=over_time,
            table=self.kind == "table",
            dots=over_time and not self.stacked,
        )

    def _defaults(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            **({} if self.kind == "table" else panel_style.digits(self.unit)),
            **({} if self.logarithmic else {"min": 0}),
            "noValue": "-" if self.kind == "table" else "no data",
            "color": self._color(),
            "links": [] if self.linked else self._links(),
            "mappings": panel_style.MAPPINGS if self.kind == "table" else [],
            "thresholds": panel_style.thresholds(self.steps),
            "custom": self._custom(),
        }

    def _custom(self) -> dict[str, Any]:
        if self.kind == "table":
            return panel_style.NARROW
        if self.kind != "timeseries":
            return {}
        return panel_style.course(self.stacked, bool(self.steps), self.bars, self.logarithmic)

    def _color(self) -> dict[str, Any]:
        if self.kind == "stat" and self.steps:
            return {"mode": "thresholds"}
        if self.kind == "bargauge":
            # In Grafana's palette, a model would have the color of an origin.
            return {"mode": "fixed", "fixedColor": "green"}
        return {"mode": "palette-classic"}

    def _links(self) -> list[dict[str, Any]]:
        if self.link is None:
            return []
        url, title = self.link
        return [{"title": title, "url": url, "targetBlank": True}]

    def _overrides(self) -> list[dict[str, Any]]:
        if self.kind != "table":
            return panel_style.ORIGINS if self.legend in panel_style.LEGENDS_OF_ORIGINS else []
        units = [*((column.name, column.unit) for column in self.columns), *self.units]
        linked = [panel_style.override(self.linked, "links", self._links())] if self.linked else []
        return [
            *panel_style.cells(self._headings()),
            *(panel_style.in_unit(name, unit) for name, unit in units),
            *linked,
        ]

    def _headings(self) -> str:
        """The text that the headings stand in, of labels or in the query itself."""
        headings = panel_style.headings([column.query for column in self.columns])
        return " ".join([self.query, *headings.values(), *dict(self.renamed).values()])

    def _transformed(self) -> dict[str, Any]:
        if self.renamed:
            renamed = {"renameByName": dict(self.renamed)}
            return {"transformations": [{"id": "organize", "options": renamed}]}
        if not self.columns:
            return {}
        queries = {column.name: column.query for column in self.columns}
        return {"transformations": panel_style.as_one_table(queries, dict(self.headings))}
