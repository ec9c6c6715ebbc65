-- How much has no known origin, and why: no manifest, changed files, or a silent history?
WITH now() - INTERVAL 1 DAY AS since
SELECT
    ServiceName,
    SpanAttributes['aiprov.match'] AS match,
    SpanAttributes['aiprov.evidence.kind'] AS evidence,
    SpanAttributes['aiprov.origin'] = 'unknown' AS unknown,
    count() AS calls,
    calls / sum(calls) OVER (PARTITION BY ServiceName) AS share
FROM otel_traces
WHERE Timestamp > since AND SpanAttributes['aiprov.unit'] IN ('function', 'handler')
GROUP BY ServiceName, match, evidence, unknown
ORDER BY ServiceName, unknown DESC, calls DESC, match, evidence
