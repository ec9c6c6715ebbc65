"""A dashboard as a page: its panels where they are, with what their queries returned."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any, Final

from pictures.course import course
from pictures.look import NAMED, color_of, overridden, said
from pictures.results import Results

_COLUMN, _ROW, _GAP = 50, 30, 8
_STYLE: Final = """
body{margin:0;background:#111217;color:#ccccdc;font:12px/1.45 system-ui,"DejaVu Sans",sans-serif}
header{padding:10px 12px 2px}h1{font-size:17px;margin:0 0 4px}header p{margin:0;color:#9fa7b3}
b.not{color:#fade2a;font-weight:600}main{position:relative;margin:8px 4px}
section{position:absolute;box-sizing:border-box;background:#181b1f;border:1px solid #2c3235;
border-radius:3px;padding:5px 8px;overflow:hidden}h2{font-size:12.5px;margin:0 0 3px}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:2px 6px;white-space:nowrap;
border-bottom:1px solid #2c3235}th{color:#9fa7b3;font-weight:500}td.n,th.n{text-align:right}
p.text{margin:0 0 6px;font-size:11.5px}code{background:#2c3235;padding:0 3px;border-radius:2px}
.stats{display:flex;height:80%;align-items:center;justify-content:space-around}
.stats div{text-align:center}.stats i{font:600 24px/1 system-ui;display:block}
text{font-size:10.5px;fill:#9fa7b3}.legend{white-space:nowrap;overflow:hidden}
.legend span{margin-right:8px}.bar{margin:3px 0}.bar i{display:block;height:13px;
border-radius:2px}.none{color:#9fa7b3}
"""


def page(board: dict[str, Any], results: Results) -> tuple[str, int]:
    """The HTML of *board*, and how high it is."""
    marks = results.marks(board)
    panels = "".join(_panel(panel, results, marks) for panel in board["panels"])
    high = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in board["panels"])
    head = (
        f"<h1>{html.escape(board['title'])}</h1><p><b class=not>Not Grafana:</b> drawn by "
        "<code>make pictures</code> from what the queries of this dashboard return for six hours "
        "of a staged shop. <i>Yellow: a deployment.</i></p>"
    )
    body = f"<header>{head}</header><main>{panels}</main>"
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{body}", 66 + high * 38


def _panel(panel: dict[str, Any], results: Results, marks: Sequence[float]) -> str:
    at = panel["gridPos"]
    wide, high = at["w"] * _COLUMN - _GAP, at["h"] * (_ROW + _GAP) - _GAP
    place = (
        f"left:{at['x'] * _COLUMN + 4}px;top:{at['y'] * (_ROW + _GAP)}px;"
        f"width:{wide}px;height:{high}px"
    )
    inner = _inner(panel, results, marks, wide - 18, high - 34)
    return f'<section style="{place}"><h2>{html.escape(panel["title"])}</h2>{inner}</section>'


def _inner(
    panel: dict[str, Any], results: Results, marks: Sequence[float], wide: int, high: int
) -> str:
    if panel["type"] == "text":
        return _text(panel["options"]["content"])
    if panel["datasource"]["type"] == "tempo" and not results.tempo:
        asked = html.escape(panel["targets"][0]["query"])
        return f"<p class=none>Asked of Tempo, which this picture has not:</p><code>{asked}</code>"
    if panel["type"] == "timeseries":
        return course(panel, results.courses(panel), marks, wide, high)
    if panel["type"] == "table":
        return _table(panel, results.rows(panel))
    values = sorted(results.values(panel))
    if not values:
        return "<p class=none>no data</p>"
    return (_stats if panel["type"] == "stat" else _bars)(panel, values)


def _text(markdown: str) -> str:
    said = html.escape(markdown)
    said = re.sub(r"`(.+?)`", r"<code>\1</code>", said)
    said = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", said)
    said = re.sub(r"\*(.+?)\*", r"<i>\1</i>", said)
    return "".join(f"<p class=text>{one}</p>" for one in said.split("\n\n"))


def _stats(panel: dict[str, Any], values: list[tuple[str, float]]) -> str:
    unit = panel["fieldConfig"]["defaults"]["unit"]
    colored = panel["fieldConfig"]["defaults"]["color"]["mode"] == "thresholds"
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    shown = []
    for name, value in values:
        (*_, reached) = [one for one in steps if one["value"] is None or value >= one["value"]]
        color = NAMED[reached["color"]] if colored else color_of(panel, name, 0) if name else ""
        number = html.escape(said(value, unit))
        shown.append(f'<div>{html.escape(name)}<i style="color:{color}">{number}</i></div>')
    return f"<div class=stats>{''.join(shown)}</div>"


def _bars(panel: dict[str, Any], values: list[tuple[str, float]]) -> str:
    unit, most = panel["fieldConfig"]["defaults"]["unit"], max(value for _, value in values) or 1
    return "".join(
        f"<div class=bar>{html.escape(name)} &nbsp;<b>{said(value, unit)}</b>"
        f'<i style="width:{value / most:.1%};background:{color_of(panel, name, number)}"></i></div>'
        for number, (name, value) in enumerate(values)
    )


def _table(panel: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "<p class=none>no data</p>"
    units = overridden(panel, "unit")
    colored, linked = overridden(panel, "custom.cellOptions"), overridden(panel, "links")
    columns = max((list(row) for row in rows), key=len)
    numeric = {name for row in rows for name, value in row.items() if not isinstance(value, str)}
    head = "".join(f"<th{_right(name in numeric)}>{html.escape(name)}" for name in columns)
    lines = (
        "".join(
            _cell(row.get(name), units.get(name, "locale"), name in colored, name in linked)
            for name in columns
        )
        for row in rows[:14]
    )
    return f"<table><tr>{head}{''.join(f'<tr>{line}' for line in lines)}</table>"


def _cell(value: Any, unit: str, colored: bool, linked: bool) -> str:
    if not isinstance(value, str):
        return f"<td class=n>{'' if value is None else html.escape(said(value, unit))}"
    color = NAMED.get(_ORIGINS.get(value, ""), "") if colored else ""
    text = html.escape(re.sub(r"(:\d\d)\.0+$", r"\1", value))
    link = "text-decoration:underline" if linked else ""
    return f'<td style="color:{color};{link}">{text}'


def _right(number: bool) -> str:
    return " class=n" if number else ""


_ORIGINS: Final = {"ai": "purple", "human": "blue", "mixed": "orange", "unknown": "text"}
