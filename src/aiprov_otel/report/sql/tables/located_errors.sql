{# The escaped errors with the route, service and function where they were raised. #}
{% from 'macros.sql' import route, join_routes with context %}
CREATE TEMPORARY TABLE located_errors AS
SELECT
    row_number() OVER (ORDER BY Time, errors.TraceId, errors.SpanId, Type, Line) AS Number,
    errors.TraceId AS TraceId, failed_traces.ServiceName AS ServiceName,
    {{ route('failed_traces') }} AS Route, errors.Function AS Function, Time, Type,
    errors.Weight AS Weight
FROM errors
JOIN failed_traces
    ON failed_traces.TraceId = errors.TraceId AND failed_traces.SpanId = errors.SpanId
{{ join_routes('failed_traces') }}
WHERE errors.Function IS NOT NULL AND errors.Outcome = 'escaped'
