-- This incident: code of which origin carries the failed requests, and with what share?
WITH now() - INTERVAL 1 HOUR AS since
SELECT
    ServiceName,
    multiIf(
        SpanAttributes['aiprov.error.origin'] != '', SpanAttributes['aiprov.error.origin'],
        SpanAttributes['aiprov.origin'] != '', SpanAttributes['aiprov.origin'],
        'unknown'
    ) AS raised_by,
    count() AS failed,
    failed / sum(failed) OVER (PARTITION BY ServiceName) AS share,
    max(Timestamp) AS newest,
    argMax(TraceId, Timestamp) AS trace
FROM otel_traces
WHERE Timestamp > since AND SpanKind IN ('Server', 'Consumer') AND StatusCode = 'Error'
    AND SpanAttributes['aiprov.error.outcome'] NOT IN ('handled', 'expected')
GROUP BY ServiceName, raised_by
ORDER BY ServiceName, failed DESC, raised_by
