{# Calls, escaped errors and self time of each function; its origin is that of its latest version. A
   function without spans has no number of calls. #}
{% from 'macros.sql' import count, spread with context %}
{% macro latest_version(table, time, condition) -%}
    SELECT Function, Origin, Agent, Model, Commit FROM {{ table }} WHERE {{ condition }}
    GROUP BY Function, Origin, Agent, Model, Commit
    QUALIFY row_number() OVER (
        PARTITION BY Function ORDER BY max({{ time }}) DESC, Origin, Agent, Model, Commit
    ) = 1
{%- endmacro %}
{% set called = 'Function IS NOT NULL' %}
{% set failed = "Function IS NOT NULL AND Outcome = 'escaped'" %}
CREATE TEMPORARY TABLE functions AS
WITH latest_called AS (
    {{ latest_version('units', 'Start', called) }}
),
latest_failed AS (
    {{ latest_version('errors', 'Time', failed) }}
),
called AS (
    SELECT
        Function, {{ count() }} AS calls, sum(SelfMs * Weight) AS spent,
        quantile_cont(SelfMs, 0.5) AS p50, quantile_cont(SelfMs, 0.95) AS p95,
        {{ spread() }} AS spread
    FROM units WHERE {{ called }} GROUP BY Function
),
failed AS (
    SELECT Function, {{ count() }} AS errors FROM errors WHERE {{ failed }} GROUP BY Function
)
SELECT
    coalesce(called.Function, failed.Function) AS Function,
    coalesce(latest_called.Origin, latest_failed.Origin) AS Origin,
    CASE WHEN calls IS NULL THEN latest_failed.Agent ELSE latest_called.Agent END AS Agent,
    CASE WHEN calls IS NULL THEN latest_failed.Model ELSE latest_called.Model END AS Model,
    CASE WHEN calls IS NULL THEN latest_failed.Commit ELSE latest_called.Commit END AS Commit,
    calls, coalesce(errors, 0) AS errors, spent / 1e3 AS spent, p50, p95,
    coalesce(spread, 1) AS spread
FROM called
FULL JOIN failed ON called.Function = failed.Function
LEFT JOIN latest_called ON latest_called.Function = called.Function
LEFT JOIN latest_failed ON latest_failed.Function = failed.Function
