SELECT DISTINCT ServiceName
FROM otel_traces
WHERE $__timeFilter(Timestamp) AND SpanAttributes['aiprov.origin'] != ''
ORDER BY ServiceName
