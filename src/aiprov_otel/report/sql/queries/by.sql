{# Calls, escaped errors and self time by *dimensions*, which are columns of both units and errors. #}
{% from 'macros.sql' import count, spread with context %}
{% set columns = dimensions | join(', ') %}
WITH called AS (
    SELECT
        {{ columns }}, count(DISTINCT Function) AS functions, {{ count() }} AS calls,
        quantile_cont(SelfMs, 0.5) AS p50, quantile_cont(SelfMs, 0.95) AS p95,
        {{ spread() }} AS spread
    FROM units GROUP BY {{ columns }}
),
failed AS (SELECT {{ columns }}, {{ count() }} AS errors FROM errors WHERE Outcome = 'escaped' GROUP BY {{ columns }})
SELECT
    {% for name in dimensions %}
    coalesce(called.{{ name }}, failed.{{ name }}) AS {{ name }},
    {% endfor %}
    coalesce(functions, 0), coalesce(calls, 0), coalesce(errors, 0), p50, p95,
    coalesce(spread, 1)
FROM called FULL JOIN failed ON
    {% for name in dimensions %}
    {{ 'AND ' if not loop.first }}called.{{ name }} IS NOT DISTINCT FROM failed.{{ name }}
    {% endfor %}
ORDER BY {% for name in dimensions %}{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}

