{# The routes of spans in traces that entered a service several times: children inherit their parent's. #}
CREATE TEMPORARY TABLE nested_entries AS
WITH RECURSIVE inside AS (
    SELECT TraceId, SpanId, ParentSpanId, ServiceName FROM spans
    WHERE (TraceId, ServiceName) NOT IN (SELECT TraceId, ServiceName FROM single_entries)
        AND (TraceId, SpanId) NOT IN (SELECT TraceId, SpanId FROM entries)
    QUALIFY row_number() OVER (PARTITION BY TraceId, SpanId ORDER BY Start) = 1
),
walk AS (
    SELECT TraceId, SpanId, ServiceName, Route FROM entries
    WHERE (TraceId, ServiceName) NOT IN (SELECT TraceId, ServiceName FROM single_entries)
    UNION ALL
    SELECT inside.TraceId, inside.SpanId, inside.ServiceName, walk.Route
    FROM walk
    JOIN inside
        ON inside.TraceId = walk.TraceId AND inside.ParentSpanId = walk.SpanId
        AND inside.ServiceName = walk.ServiceName
)
SELECT TraceId, SpanId, Route FROM walk
