"""What Tempo would answer, worked out from the spans: no package brings a Tempo."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

_COUNTED: Final = re.compile(r"count_over_time\(\) by \(span\.([\w.]+)\) \| topk\((\d+)\)")
_SELECTED: Final = re.compile(r"select\((.*)\)")
_LIMIT: Final = 20


def answer(query: str, spans: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Returns the counts or the table that TraceQL *query* gives of the requests that failed."""
    failed = [
        span
        for span in spans
        if span["StatusCode"] == "Error" and span["SpanAttributes"]["aiprov.unit"] == "handler"
    ]
    if counted := _COUNTED.search(query):
        return _counts(counted[1], int(counted[2]), failed)
    selected = _SELECTED.search(query)
    assert selected, query
    return _table([key.removeprefix("span.") for key in selected[1].split(", ")], failed[-_LIMIT:])


def _counts(key: str, most: int, spans: Sequence[dict[str, Any]]) -> dict[str, Any]:
    values = (span["SpanAttributes"].get(key) for span in spans)
    counts = Counter(value for value in values if value).most_common(most)
    return {
        "series": [
            {"name": value, "labels": {f"span.{key}": value}, "points": [(0, number)]}
            for value, number in counts
        ]
    }


def _table(keys: Sequence[str], spans: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The columns of Grafana's table of spans; those that it hides are left out."""
    columns = {
        "Trace Service": [span["ServiceName"] for span in spans],
        "Trace Name": [span["SpanName"] for span in spans],
        "Span ID": [span["SpanId"] for span in spans],
        "Start time": [milliseconds(span["Timestamp"]) for span in spans],
        **{key: [span["SpanAttributes"].get(key, "") for span in spans] for key in keys},
        "Duration": [span["Duration"] for span in spans],
    }
    looks = {
        "Span ID": ("string", {"custom": {"width": 200}}),
        "Start time": ("time", {"custom": {"width": 200}}),
        "Duration": ("number", {"unit": "ns", "custom": {"width": 120}}),
    }
    return {
        "columns": [
            {
                "name": name,
                "type": looks.get(name, ("string", {}))[0],
                "config": looks.get(name, ("string", {}))[1],
                "values": values,
            }
            for name, values in columns.items()
        ]
    }


def milliseconds(text: str) -> float:
    """The time *text*, as ClickHouse prints it, in milliseconds since 1970."""
    return datetime.fromisoformat(f"{text[:19]}+00:00").timestamp() * 1000
