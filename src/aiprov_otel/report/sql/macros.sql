{# Expressions that several statements share. `keys` are the attribute keys. #}
{% macro span(key) %}nullif(SpanAttributes['{{ key }}'], ''){% endmacro %}
{% macro event(key) %}nullif(Event['{{ key }}'], ''){% endmacro %}

{# A time in Unix nanoseconds, within a range whose differences and sums fit 64 bits. *other* stands in
   for a time that is missing or infinite. #}
{% macro nanoseconds(time, other) -%}
    least(greatest(coalesce(toUnixTimestamp64Nano({{ time }}), {{ other }}), CAST(0 AS BIGINT)), CAST({{ latest }} AS BIGINT))
{%- endmacro %}

{# The number of spans or errors, estimated from those that sampling kept. #}
{% macro count() %}CAST(least(coalesce(round(sum(Weight)), 0), 9e18) AS BIGINT){% endmacro %}

{# How many calls there are for each that adds information: the inverse of the effective size of a
   weighted sample. Source: L. Kish, "Survey Sampling" (1965), section 11.7. #}
{% macro spread() %}sum(Weight * Weight) / sum(Weight){% endmacro %}

{# The number of spans that a row stands for. With a sampling threshold T, of 2^56 values, it is
   2^56 / (2^56 - T). Source: OpenTelemetry specification, "TraceState: Probability Sampling"; `th` has
   up to fourteen hexadecimal digits, without trailing zeros. #}
{% macro weights() -%}
    CASE WHEN coalesce(TraceState, '') = '' THEN ''
        ELSE regexpExtract(TraceState, '(?:^|[, ])ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:[;, ]|$)', 1) END AS Threshold,
    CASE WHEN Threshold = '' THEN 1.0
        ELSE {{ 2 ** 56 }} / ({{ 2 ** 56 }} - hexadecimal(Threshold)) END AS Weight
{%- endmacro %}

{# Whether a request was answered as one that its client got wrong. #}
{% macro refused() -%}
    coalesce({% for key in keys.HTTP_STATUS %}{{ span(key) }}, {% endfor %}'') LIKE '4%'
    {%- for key in keys.GRPC_STATUS %}
    OR coalesce({{ span(key) }}, '') IN ('{{ refusals | join("', '") }}')
    {%- endfor %}
{%- endmacro %}

{# The route of a span, in a query that joins the routes. #}
{% macro route(span) %}coalesce(single_entries.Route, nested_entries.Route, {{ span }}.SpanName){% endmacro %}
{% macro join_routes(span) -%}
LEFT JOIN single_entries
    ON single_entries.TraceId = {{ span }}.TraceId AND single_entries.ServiceName = {{ span }}.ServiceName
LEFT JOIN nested_entries
    ON nested_entries.TraceId = {{ span }}.TraceId AND nested_entries.SpanId = {{ span }}.SpanId
{%- endmacro %}

{# The columns of one version of a function on one route. #}
{% set unit = ['ServiceName', 'Route', 'Kind', 'Function', 'Name', 'Origin', 'Agent', 'Model', 'Commit', 'Committed', 'Strength'] %}
{% macro unit_columns() %}{{ unit | join(', ') }}{% endmacro %}
{% macro unit_columns_of(table) %}{% for name in unit %}{{ table }}.{{ name }} AS {{ name }}{{ ', ' if not loop.last }}{% endfor %}{% endmacro %}

{# Which of several versions comes first where times are the same: always the same one. #}
{% macro unit_order(table) %}{% for name in unit %}{{ table }}.{{ name }}{{ ', ' if not loop.last }}{% endfor %}{% endmacro %}

{# A row for each call and for each error that has a unit. #}
{% macro observed() -%}
(
SELECT {{ unit_columns() }}, Start AS Time, Weight AS calls, 0 AS errors FROM units
UNION ALL
SELECT {{ unit_columns() }}, Time, 0 AS calls, Weight AS errors FROM placed
) AS observed
{%- endmacro %}

{# The band of the age that code had when it ran, by the days since its commit. #}
{% set days = "(Time / 1e9 - toUnixTimestamp(parseDateTimeBestEffortOrNull(Committed))) / 86400" %}
{% macro age() -%}
CASE WHEN {{ days }} IS NULL THEN 'unknown'
{%- for band, most in ages.items() %} WHEN {{ days }} <= {{ most }} THEN '{{ band }}'{% endfor %} ELSE '{{ oldest }}' END
{%- endmacro %}

{# What the errors of one group have in common. #}
{% macro group_key() -%}
concat(
    ServiceName, ' | ', Type, ' | ', coalesce(Path, ''), ':', CAST(coalesce(Line, 0) AS VARCHAR), ' | ',
    coalesce(Function, ''), ' | ', Origin, ' | ', coalesce(Agent, ''), ' | ', coalesce(Model, ''), ' | ',
    coalesce(Commit, ''), ' | ', Outcome)
{%- endmacro %}
