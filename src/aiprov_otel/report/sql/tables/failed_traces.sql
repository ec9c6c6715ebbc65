{# The spans of traces in which something failed or recorded an exception; few traces have any. An error
   goes *Up* to the parent, unless work came in by the span: a server or consumer span, one whose parent
   belongs to another service or was not received, one that outlived its parent, and one that has an
   outcome, as the service itself decided there. Of spans that share an id, as those of a program that
   seeds `random`, one is here, one that failed if there is any: a walk from span to parent must not
   multiply. #}
CREATE TEMPORARY TABLE failed_traces AS
SELECT
    child.TraceId AS TraceId, child.SpanId AS SpanId, child.ParentSpanId AS ParentSpanId,
    child.SpanName AS SpanName, child.ServiceName AS ServiceName, child.Start AS Start,
    child.Finish AS Finish, child.Failed AS Failed, child.Origin IS NOT NULL AS IsUnit,
    child.Raising AS Raising, child.Refused AS Refused, child.Outcome AS Outcome,
    child.SpanKind IN ('Server', 'Consumer') AS IsRequest,
    child.SpanKind IN ('Client', 'Producer') AS IsCall,
    CASE WHEN child.SpanKind IN ('Server', 'Consumer') OR child.Outcome IS NOT NULL
        OR parent.SpanId IS NULL OR parent.Finish < child.Finish THEN ''
        ELSE child.ParentSpanId END AS Up
FROM spans AS child
LEFT JOIN spans AS parent
    ON parent.TraceId = child.TraceId AND parent.SpanId = child.ParentSpanId
    AND parent.ServiceName = child.ServiceName
WHERE child.TraceId IN (SELECT TraceId FROM spans WHERE Failed OR Raising)
QUALIFY row_number() OVER (
    PARTITION BY child.TraceId, child.SpanId ORDER BY child.Failed DESC, child.Raising DESC, child.Start, parent.Start
) = 1
