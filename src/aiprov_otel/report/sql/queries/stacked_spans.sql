{# The traces that the latest spans belong to, as far as they have room. #}
SELECT
    TraceId, SpanId, ParentSpanId, ServiceName, coalesce(Function, SpanName) AS Name, Origin, Agent, Model, Commit,
    Start, Finish
FROM spans
WHERE TraceId IN (SELECT TraceId FROM spans ORDER BY Start DESC LIMIT {{ limit }})
ORDER BY Start DESC, TraceId, SpanId LIMIT {{ limit }}
