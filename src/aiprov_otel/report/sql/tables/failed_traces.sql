{# The spans of traces in which something failed or recorded an exception; few traces have any. #}
CREATE TEMPORARY TABLE failed_traces AS
SELECT
    TraceId, SpanId, ParentSpanId, SpanName, ServiceName, Failed, Origin IS NOT NULL AS IsUnit, Raising
FROM spans
WHERE TraceId IN (SELECT TraceId FROM spans WHERE Failed OR Raising)
