{# Requests, and those that failed. #}
{% from 'macros.sql' import count with context %}
SELECT
    {{ count() }},
    coalesce(CAST(round(sum(Weight) FILTER (WHERE
        coalesce(Outcome, CASE WHEN Refused OR NOT Failed THEN 'handled' ELSE 'escaped' END) = 'escaped'
    )) AS BIGINT), 0)
FROM spans WHERE SpanKind IN ('Server', 'Consumer')
