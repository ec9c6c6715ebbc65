{# The local root of a span is where its request entered the service: the nearest span above, or the span
   itself, that is a server or consumer span, or whose parent belongs to another service or was not
   received. A route is the operation of the local root. #}
CREATE TEMPORARY TABLE entries AS
SELECT
    child.TraceId AS TraceId, child.SpanId AS SpanId, child.ServiceName AS ServiceName,
    child.SpanName AS Route
FROM spans AS child
LEFT JOIN spans AS parent
    ON parent.TraceId = child.TraceId AND parent.SpanId = child.ParentSpanId
    AND parent.ServiceName = child.ServiceName
WHERE child.SpanKind IN ('Server', 'Consumer') OR parent.SpanId IS NULL
