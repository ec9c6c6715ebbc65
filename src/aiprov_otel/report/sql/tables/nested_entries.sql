{# The routes of spans in traces that entered a service several times: children inherit their parent's.
   Few traces do; the others are left out before anything is compared with each entry. #}
{% set several -%}
(TraceId, ServiceName) IN (SELECT TraceId, ServiceName FROM several)
{%- endset %}
CREATE TEMPORARY TABLE nested_entries AS
WITH RECURSIVE several AS (
    SELECT TraceId, ServiceName FROM entries GROUP BY TraceId, ServiceName HAVING count(*) > 1
),
inside AS MATERIALIZED (
    SELECT TraceId, SpanId, ParentSpanId, ServiceName FROM spans
    WHERE {{ several }} AND (TraceId, SpanId) NOT IN (SELECT TraceId, SpanId FROM entries)
    QUALIFY row_number() OVER (PARTITION BY TraceId, SpanId ORDER BY Start) = 1
),
walk AS (
    SELECT TraceId, SpanId, ServiceName, Route FROM entries WHERE {{ several }}
    UNION ALL
    SELECT inside.TraceId, inside.SpanId, inside.ServiceName, walk.Route
    FROM walk
    JOIN inside
        ON inside.TraceId = walk.TraceId AND inside.ParentSpanId = walk.SpanId
        AND inside.ServiceName = walk.ServiceName
)
SELECT TraceId, SpanId, Route FROM walk
