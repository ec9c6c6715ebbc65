{# The spans of every trace in which something failed, narrow: few traces have any. #}
CREATE TEMPORARY TABLE touched AS
SELECT
    TraceId, SpanId, ParentSpanId, SpanName, ServiceName, Failed, Origin IS NOT NULL AS IsUnit,
    has("Events.Name", 'exception') AS Raising
FROM spans
WHERE TraceId IN (SELECT TraceId FROM spans WHERE Failed OR has("Events.Name", 'exception'))
