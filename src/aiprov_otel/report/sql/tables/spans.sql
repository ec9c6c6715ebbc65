{# The spans of the report, with the calls that each stands for, and the keys that it reads. #}
{% from 'macros.sql' import span, weights with context %}
CREATE TEMPORARY VIEW spans AS
SELECT
    TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, StatusMessage, SpanAttributes,
    "Events.Timestamp", "Events.Name", "Events.Attributes",
    toUnixTimestamp64Nano(Timestamp) AS Start,
    toUnixTimestamp64Nano(Timestamp) + CAST(Duration AS BIGINT) AS Finish,
    CAST(otel_traces.Duration AS BIGINT) AS Duration,
    StatusCode = 'Error' AS Failed,
    {{ weights() }},
    nullif(ResourceAttributes['{{ keys.VCS_REPOSITORY_URL_FULL }}'], '') AS Repository,
    {{ span(keys.ORIGIN) }} AS Origin,
    {{ span(keys.AGENT_NAME) }} AS Agent,
    {{ span(keys.MODEL_NAME) }} AS Model,
    {{ span(keys.COMMIT_ID) }} AS Commit,
    {{ span(keys.CODE_FUNCTION_NAME) }} AS Function,
    CASE {{ span(keys.UNIT) }} WHEN 'function' THEN 1 WHEN 'handler' THEN 2 ELSE 3 END AS Rank
FROM otel_traces
WHERE Timestamp >= fromUnixTimestamp64Nano({{ since }})
