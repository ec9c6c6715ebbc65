{# Every pair of a span that failed or recorded an exception, and a span above it. #}
CREATE TEMPORARY TABLE ancestors AS
WITH RECURSIVE walk AS (
    SELECT TraceId, SpanId, ParentSpanId AS Ancestor, 1 AS Depth FROM failed_traces
    WHERE Failed OR Raising
    UNION ALL
    SELECT walk.TraceId, walk.SpanId, failed_traces.ParentSpanId, walk.Depth + 1
    FROM walk
    JOIN failed_traces
        ON failed_traces.TraceId = walk.TraceId AND failed_traces.SpanId = walk.Ancestor
    WHERE walk.Depth < 500
)
SELECT DISTINCT
    walk.TraceId AS TraceId, walk.SpanId AS SpanId, walk.Ancestor AS Ancestor,
    below.Failed AS BelowFailed, below.IsUnit AS BelowIsUnit, below.Raising AS BelowRaising,
    ancestor.Failed AS AboveFailed, ancestor.Raising AS AboveRaising
FROM walk
JOIN failed_traces AS below ON below.TraceId = walk.TraceId AND below.SpanId = walk.SpanId
JOIN failed_traces AS ancestor
    ON ancestor.TraceId = walk.TraceId AND ancestor.SpanId = walk.Ancestor
WHERE walk.SpanId <> walk.Ancestor
