"""
The questions whose answers the method compares: counts by function, route and origin.

Handlers are left out: a route has one, and so nothing to compare it with.
"""

from __future__ import annotations

from typing import Final

from aiprov_otel.format import AGE_BANDS, OLDEST
from aiprov_otel.report.placed import OBSERVED
from aiprov_otel.report.sampling import COUNT

_HERE: Final = "Kind IN ('function', 'caller')"
STEPS: Final = 8
"""Of the histogram of times, to a doubling: a step is 9%."""

_DAY: Final = 86_400  # seconds

_DAYS: Final = f"(Time / 1e9 - toUnixTimestamp(parseDateTimeBestEffortOrNull(Committed))) / {_DAY}"
_AGE: Final = (
    f"CASE WHEN {_DAYS} IS NULL THEN 'unknown' "
    + " ".join(f"WHEN {_DAYS} <= {days} THEN '{band}'" for band, days in AGE_BANDS.items())
    + f" ELSE '{OLDEST}' END"
)

CELLS: Final = f"""
SELECT
    ServiceName, Route, Kind, Name, Origin, Agent, Model, Commit, Committed, Strength,
    {_AGE} AS Age, sum(calls), sum(errors)
FROM {OBSERVED} WHERE {_HERE}
GROUP BY
    ServiceName, Route, Kind, Name, Origin, Agent, Model, Commit, Committed, Strength, {_AGE}
"""

PERIOD: Final = "SELECT min(Start), max(Start) FROM units"

_PART: Final = "floor((Time - {begin}) / {width})"
_BEGUN: Final = "floor((Start - {begin}) / {width})"

OVER_TIME: Final = f"""
SELECT
    {_PART} AS Part, ServiceName, Route, Kind, Name, Origin, sum(calls), sum(errors)
FROM {OBSERVED} WHERE {_HERE}
GROUP BY {_PART}, ServiceName, Route, Kind, Name, Origin
"""
"""Counts by time, in parts of *width* nanoseconds since *begin*."""

SELF_TIME: Final = f"""
SELECT
    {_BEGUN} AS Part, Origin, {COUNT}, quantile_cont(SelfMs, 0.5), quantile_cont(SelfMs, 0.95)
FROM units WHERE {_HERE}
GROUP BY {_BEGUN}, Origin ORDER BY 1, 2
"""
"""Self time by time and origin, likewise."""

TYPES: Final = f"""
SELECT ServiceName, Route, Kind, Origin, Type, sum(Weight) FROM placed WHERE {_HERE}
GROUP BY ServiceName, Route, Kind, Origin, Type
"""

PLACED_SHARE: Final = """
SELECT (SELECT sum(Weight) FROM placed) / nullif((SELECT sum(Weight) FROM errors), 0)
"""


def histogram(column: str) -> str:
    """How often *column* of the units, in milliseconds, was in each step of a doubling."""
    step = f"floor(log2(greatest({column}, 1e-4)) * {STEPS})"
    return f"""
        SELECT ServiceName, Route, Kind, Name, Origin, {step} AS Step, sum(Weight)
        FROM units WHERE {_HERE}
        GROUP BY ServiceName, Route, Kind, Name, Origin, {step}
    """
