-- What is different about the failed calls of AI-written code: which attributes have they more often?
WITH
    now() - INTERVAL 1 DAY AS since,
    calls AS (
        SELECT SpanAttributes AS said, StatusCode = 'Error' AS failed
        FROM otel_traces
        WHERE Timestamp > since AND SpanAttributes['aiprov.origin'] = 'ai'
    ),
    (SELECT countIf(failed) FROM calls) AS all_failed,
    (SELECT countIf(NOT failed) FROM calls) AS all_others
SELECT
    pair.1 AS key,
    pair.2 AS value,
    countIf(failed) AS failed_calls,
    countIf(failed) / all_failed AS share_of_failed,
    countIf(NOT failed) / all_others AS share_of_others
FROM calls
ARRAY JOIN CAST(said AS Array(Tuple(String, String))) AS pair
WHERE key NOT IN (
    'aiprov.error.origin', 'aiprov.error.agent.name', 'aiprov.error.model.name',
    'aiprov.error.commit.id', 'error.type'
)
GROUP BY key, value
HAVING failed_calls >= 5
ORDER BY share_of_failed - share_of_others DESC, key, value
LIMIT 50
