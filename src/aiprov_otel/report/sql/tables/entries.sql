{# The spans by which requests entered a service: server and consumer spans, and spans whose parent belongs
   to another service or was not received. The nearest at or above a span is its local root, and the name
   of the local root is the route. #}
CREATE TEMPORARY TABLE entries AS
SELECT
    child.TraceId AS TraceId, child.SpanId AS SpanId, child.ServiceName AS ServiceName,
    min(child.SpanName) AS Route -- of spans that share an id
FROM spans AS child
LEFT JOIN spans AS parent
    ON parent.TraceId = child.TraceId AND parent.SpanId = child.ParentSpanId
    AND parent.ServiceName = child.ServiceName
WHERE child.SpanKind IN ('Server', 'Consumer') OR parent.SpanId IS NULL
GROUP BY child.TraceId, child.SpanId, child.ServiceName
