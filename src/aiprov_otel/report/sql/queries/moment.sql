{# The time, Unix nanoseconds, since which the latest *most* spans began. #}
{% from 'macros.sql' import nanoseconds with context %}
SELECT min(Time) FROM (
    SELECT {{ nanoseconds('Timestamp', 0) }} AS Time FROM otel_traces ORDER BY Time DESC LIMIT {{ most }}
) AS latest
