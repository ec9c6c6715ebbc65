{# Errors with the route, the service and the function where they were raised. #}
{% from 'macros.sql' import route, join_routes with context %}
CREATE TEMPORARY TABLE located AS
SELECT
    row_number() OVER (ORDER BY Time, errors.TraceId, errors.SpanId, Type, Line) AS Number,
    errors.TraceId AS TraceId, touched.ServiceName AS ServiceName,
    {{ route('touched') }} AS Route, errors.Function AS Function, Time, Type,
    errors.Weight AS Weight
FROM errors
JOIN touched ON touched.TraceId = errors.TraceId AND touched.SpanId = errors.SpanId
{{ join_routes('touched') }}
WHERE errors.Function IS NOT NULL
