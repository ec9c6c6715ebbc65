{# The span `$top` and those below it. #}
WITH RECURSIVE request AS (
    SELECT SpanId, 1 AS Depth FROM spans WHERE TraceId = $trace AND SpanId = $top
    UNION ALL
    SELECT below.SpanId, request.Depth + 1
    FROM request
    JOIN spans AS below ON below.ParentSpanId = request.SpanId
    WHERE below.TraceId = $trace AND request.Depth < 500
)
SELECT
    SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Duration / 1e6, Failed,
    Origin, Agent, Model, Commit, Function, (Start - min(Start) OVER ()) / 1e6 AS Begin
FROM spans WHERE TraceId = $trace AND SpanId IN (SELECT SpanId FROM request)
ORDER BY Start, Finish DESC, SpanId LIMIT 500
