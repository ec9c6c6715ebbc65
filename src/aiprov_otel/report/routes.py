"""
The route that a span ran in: the operation of its local root.

The local root is the span by which the request came into the service: the nearest one above, or the
span itself, that is a server or consumer span, or whose parent is not of the same service or was
not received. Where a trace entered a service once, all its spans there have that route; where it
came several times, routes are handed down from parent to child.
"""

from __future__ import annotations

from typing import Final

ENTRIES: Final = """
CREATE TEMPORARY TABLE entries AS
SELECT
    child.TraceId AS TraceId, child.SpanId AS SpanId, child.ServiceName AS ServiceName,
    child.SpanName AS Route
FROM spans AS child
LEFT JOIN spans AS parent
    ON parent.TraceId = child.TraceId AND parent.SpanId = child.ParentSpanId
    AND parent.ServiceName = child.ServiceName
WHERE child.SpanKind IN ('Server', 'Consumer') OR parent.SpanId IS NULL
"""

LONE: Final = """
CREATE TEMPORARY TABLE lone AS
SELECT TraceId, ServiceName, min(Route) AS Route FROM entries
GROUP BY TraceId, ServiceName HAVING count(*) = 1
"""

TANGLED: Final = """
CREATE TEMPORARY TABLE tangled AS
WITH RECURSIVE inside AS (
    SELECT TraceId, SpanId, ParentSpanId, ServiceName FROM spans
    WHERE (TraceId, ServiceName) NOT IN (SELECT TraceId, ServiceName FROM lone)
        AND (TraceId, SpanId) NOT IN (SELECT TraceId, SpanId FROM entries)
),
walk AS (
    SELECT TraceId, SpanId, ServiceName, Route FROM entries
    WHERE (TraceId, ServiceName) NOT IN (SELECT TraceId, ServiceName FROM lone)
    UNION ALL
    SELECT inside.TraceId, inside.SpanId, inside.ServiceName, walk.Route
    FROM walk
    JOIN inside
        ON inside.TraceId = walk.TraceId AND inside.ParentSpanId = walk.SpanId
        AND inside.ServiceName = walk.ServiceName
)
SELECT TraceId, SpanId, Route FROM walk
"""

ROUTES: Final = """
LEFT JOIN lone ON lone.TraceId = {span}.TraceId AND lone.ServiceName = {span}.ServiceName
LEFT JOIN tangled ON tangled.TraceId = {span}.TraceId AND tangled.SpanId = {span}.SpanId
"""
"""What a query of *span* joins before it can ask for `ROUTE`."""

ROUTE: Final = "coalesce(lone.Route, tangled.Route, {span}.SpanName)"
