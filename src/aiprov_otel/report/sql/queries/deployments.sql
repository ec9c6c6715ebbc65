{# The commits that each service was deployed from, each with the time of its first span. #}
{% from 'macros.sql' import nanoseconds with context %}
SELECT
    coalesce(ServiceName, '') AS Service,
    coalesce(ResourceAttributes['{{ keys.VCS_REF_HEAD_REVISION }}'], '') AS Revision,
    min({{ nanoseconds('Timestamp', 0) }}) AS First
FROM otel_traces
WHERE Timestamp >= fromUnixTimestamp64Nano({{ since }})
GROUP BY Service, Revision
ORDER BY Service, First, Revision
