SELECT
    SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Duration / 1e6, Failed,
    Origin, Agent, Model, Commit, Function
FROM spans WHERE TraceId = $trace ORDER BY Start, Finish DESC LIMIT 500
