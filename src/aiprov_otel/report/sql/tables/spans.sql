{# The spans of the report: the calls that each stands for, and the keys that the report reads. Any column
   of a file that we didn't write may be null. A statement that joins spans reads its keys from here: a
   database carries columns of text through a join, and not the whole map, which is several times as much. #}
{% from 'macros.sql' import span, nanoseconds, refused, weights with context %}
{% set duration -%}
CASE WHEN otel_traces.Duration > {{ latest }} THEN CAST({{ latest }} AS BIGINT)
        ELSE CAST(coalesce(otel_traces.Duration, 0) AS BIGINT) END
{%- endset %}
CREATE TEMPORARY VIEW spans AS
SELECT
    TraceId, SpanId,
    coalesce(otel_traces.ParentSpanId, '') AS ParentSpanId,
    coalesce(otel_traces.SpanName, '') AS SpanName,
    coalesce(otel_traces.SpanKind, '') AS SpanKind,
    coalesce(otel_traces.ServiceName, '') AS ServiceName,
    coalesce(otel_traces.StatusMessage, '') AS StatusMessage,
    SpanAttributes, "Events.Timestamp", "Events.Name", "Events.Attributes",
    {{ nanoseconds('Timestamp', 0) }} AS Start,
    {{ duration }} AS Duration,
    Start + {{ duration }} AS Finish,
    coalesce(StatusCode, '') = 'Error' AS Failed,
    CASE WHEN has("Events.Name", 'exception') THEN true ELSE false END AS Raising,
    {{ weights() }},
    nullif(ResourceAttributes['{{ keys.VCS_REPOSITORY_URL_FULL }}'], '') AS Repository,
    {{ span(keys.ORIGIN) }} AS Origin,
    {{ span(keys.AGENT_NAME) }} AS Agent,
    {{ span(keys.MODEL_NAME) }} AS Model,
    {{ span(keys.COMMIT_ID) }} AS Commit,
    {{ span(keys.CODE_FUNCTION_NAME) }} AS Function,
    {{ span(keys.ERROR_OUTCOME) }} AS Outcome,
    {{ refused() }} AS Refused,
    {{ span(keys.FILE_PATH) }} AS Path,
    toInt64OrNull(SpanAttributes['{{ keys.CODE_LINE_NUMBER }}']) AS Line,
    {{ span(keys.COMMIT_TIME) }} AS Committed,
    {{ span(keys.EVIDENCE_STRENGTH) }} AS Strength,
    {{ span(keys.MATCH) }} AS Match,
    {{ span('asgi.event.type') }} AS AsgiEvent,
    CASE {{ span(keys.UNIT) }} WHEN 'function' THEN 1 WHEN 'handler' THEN 2 ELSE 3 END AS Rank
FROM otel_traces
WHERE Timestamp >= fromUnixTimestamp64Nano({{ since }})
    AND TraceId IS NOT NULL AND SpanId IS NOT NULL
{% if run is not none %}
    AND coalesce(ResourceAttributes['{{ keys.RUN_ID }}'], '') = '{{ run }}'
{% endif %}
