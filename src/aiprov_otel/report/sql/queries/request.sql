{# The span `$top` and those below it. #}
WITH RECURSIVE trace AS MATERIALIZED (
    SELECT
        SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Duration, Failed, Origin, Agent, Model, Commit,
        Function, Start, Finish
    FROM spans WHERE TraceId = $trace
),
request AS (
    SELECT SpanId, 1 AS Depth FROM trace WHERE SpanId = $top
    UNION ALL
    SELECT DISTINCT below.SpanId, request.Depth + 1
    FROM request
    JOIN trace AS below ON below.ParentSpanId = request.SpanId
    WHERE request.Depth < 500
)
SELECT
    SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Duration / 1e6, Failed,
    Origin, Agent, Model, Commit, Function, (Start - min(Start) OVER ()) / 1e6 AS Begin
FROM trace WHERE SpanId IN (SELECT SpanId FROM request)
ORDER BY Start, Finish DESC, SpanId LIMIT 500
