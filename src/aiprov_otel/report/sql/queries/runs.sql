{# The runs of `aiprov run` that the spans belong to, the latest first. #}
SELECT coalesce(ResourceAttributes['{{ keys.RUN_ID }}'], '') AS Run, max(Timestamp) AS Latest
FROM otel_traces
WHERE Timestamp >= fromUnixTimestamp64Nano({{ since }})
GROUP BY Run
ORDER BY Latest DESC, Run
