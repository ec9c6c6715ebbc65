{# What several statements share. `keys` are the attribute keys. #}
{% macro span(key) %}nullif(SpanAttributes['{{ key }}'], ''){% endmacro %}
{% macro event(key) %}nullif(Event['{{ key }}'], ''){% endmacro %}

{# How many spans or errors there were, from those that sampling kept. #}
{% macro count() %}CAST(coalesce(round(sum(Weight)), 0) AS BIGINT){% endmacro %}

{# How many there were for each that tells something new: the inverse of the effective size of a
   weighted sample. Source: L. Kish, "Survey Sampling" (1965), section 11.7. #}
{% macro spread() %}sum(Weight * Weight) / sum(Weight){% endmacro %}

{# How many spans a row stands for. With a sampling threshold T, of 2^56 values, it is 2^56 / (2^56 - T).
   Source: OpenTelemetry specification, "TraceState: Probability Sampling"; `th` has up to fourteen
   hexadecimal digits, without trailing zeros. #}
{% macro weights() -%}
    regexpExtract(TraceState, '(?:^|[, ])ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:[;, ]|$)', 1) AS Threshold,
    CASE WHEN Threshold = '' THEN 1.0
        ELSE {{ 2 ** 56 }} / ({{ 2 ** 56 }} - hexadecimal(Threshold)) END AS Weight
{%- endmacro %}

{# The route of a span, for a query that joins its routes. #}
{% macro route(span) %}coalesce(lone.Route, tangled.Route, {{ span }}.SpanName){% endmacro %}
{% macro join_routes(span) -%}
LEFT JOIN lone ON lone.TraceId = {{ span }}.TraceId AND lone.ServiceName = {{ span }}.ServiceName
LEFT JOIN tangled ON tangled.TraceId = {{ span }}.TraceId AND tangled.SpanId = {{ span }}.SpanId
{%- endmacro %}

{# One version of a function on one route. #}
{% set unit = ['ServiceName', 'Route', 'Kind', 'Function', 'Name', 'Origin', 'Agent', 'Model', 'Commit', 'Committed', 'Strength'] %}
{% macro unit_columns() %}{{ unit | join(', ') }}{% endmacro %}
{% macro unit_columns_of(table) %}{% for name in unit %}{{ table }}.{{ name }} AS {{ name }}{{ ', ' if not loop.last }}{% endfor %}{% endmacro %}

{# A row for each call and for each error that has a place. #}
{% macro observed() -%}
(
SELECT {{ unit_columns() }}, Start AS Time, Weight AS calls, 0 AS errors FROM units
UNION ALL
SELECT {{ unit_columns() }}, Time, 0 AS calls, Weight AS errors FROM placed
) AS observed
{%- endmacro %}

{# The band of the age of code when it ran: of the time of its commit, in days. #}
{% set days = "(Time / 1e9 - toUnixTimestamp(parseDateTimeBestEffortOrNull(Committed))) / 86400" %}
{% macro age() -%}
CASE WHEN {{ days }} IS NULL THEN 'unknown'
{%- for band, most in ages.items() %} WHEN {{ days }} <= {{ most }} THEN '{{ band }}'{% endfor %} ELSE '{{ oldest }}' END
{%- endmacro %}
