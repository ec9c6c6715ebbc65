"""
Calls and errors side by side, each where it ran and with the code that ran.

An error belongs to the unit whose own line raised it: to a span of the same function in the same
trace and service, and where the function has no span there, as one that only makes calls may fail
before it makes one, to the version of it that ran on the same route at that time. Errors of
functions without any span have no exposure, and no place.
"""

from __future__ import annotations

from typing import Final

from aiprov_otel.report.routes import ROUTE, ROUTES

_UNIT: Final = (
    "ServiceName, Route, Kind, Function, Name, Origin, Agent, Model, Commit, Committed, Strength"
)


def _of(table: str) -> str:
    return ", ".join(f"{table}.{name} AS {name}" for name in _UNIT.split(", "))


LOCATED: Final = f"""
CREATE TEMPORARY TABLE located AS
SELECT
    row_number() OVER (ORDER BY Time, errors.TraceId, errors.SpanId, Type, Line) AS Number,
    errors.TraceId AS TraceId, touched.ServiceName AS ServiceName,
    {ROUTE.format(span="touched")} AS Route, errors.Function AS Function, Time, Type,
    errors.Weight AS Weight
FROM errors
JOIN touched ON touched.TraceId = errors.TraceId AND touched.SpanId = errors.SpanId
{ROUTES.format(span="touched")}
WHERE errors.Function IS NOT NULL
"""

NEAR: Final = f"""
CREATE TEMPORARY TABLE near AS
SELECT {_of("units")}, Time, Type, located.Weight AS Weight, Number
FROM located
JOIN units
    ON units.TraceId = located.TraceId AND units.ServiceName = located.ServiceName
    AND units.Function = located.Function
QUALIFY row_number() OVER (
    PARTITION BY Number ORDER BY units.Start <= Time DESC, units.Start DESC
) = 1
"""

PLACED: Final = f"""
CREATE TEMPORARY TABLE placed AS
WITH far AS (
    SELECT Number, ServiceName, Route, Function, Time, Type, Weight FROM located
    WHERE Number NOT IN (SELECT Number FROM near)
),
versions AS (
    SELECT {_UNIT}, min(Start) AS First FROM units
    WHERE (ServiceName, Route, Function) IN (SELECT ServiceName, Route, Function FROM far)
    GROUP BY {_UNIT}
),
told AS (
    SELECT {_of("versions")}, Time, Type, Weight, Number
    FROM far
    JOIN versions
        ON versions.ServiceName = far.ServiceName AND versions.Route = far.Route
        AND versions.Function = far.Function
    QUALIFY row_number() OVER (PARTITION BY Number ORDER BY First <= Time DESC, First DESC) = 1
)
SELECT {_UNIT}, Time, Type, Weight FROM near
UNION ALL
SELECT {_UNIT}, Time, Type, Weight FROM told
"""

OBSERVED: Final = f"""(
SELECT {_UNIT}, Start AS Time, Weight AS calls, 0 AS errors FROM units
UNION ALL
SELECT {_UNIT}, Time, 0 AS calls, Weight AS errors FROM placed
) AS observed"""
"""What to select FROM: a row for each call and for each error that was kept."""
