{# Calls, escaped errors and self time of each function; its origin is that of its latest version. A
   function without spans has no number of calls. #}
{% from 'macros.sql' import count, spread with context %}
CREATE TEMPORARY TABLE functions AS
WITH called AS (
    SELECT
        Function, argMax(Origin, Start) AS Origin,
        nullif(argMax(coalesce(Agent, ''), Start), '') AS Agent,
        nullif(argMax(coalesce(Model, ''), Start), '') AS Model,
        nullif(argMax(coalesce(Commit, ''), Start), '') AS Commit, {{ count() }} AS calls,
        sum(SelfMs * Weight) AS spent,
        quantile_cont(SelfMs, 0.5) AS p50, quantile_cont(SelfMs, 0.95) AS p95,
        {{ spread() }} AS spread
    FROM units WHERE Function IS NOT NULL GROUP BY Function
),
failed AS (
    SELECT
        Function, argMax(Origin, Time) AS Origin,
        nullif(argMax(coalesce(Agent, ''), Time), '') AS Agent,
        nullif(argMax(coalesce(Model, ''), Time), '') AS Model,
        nullif(argMax(coalesce(Commit, ''), Time), '') AS Commit, {{ count() }} AS errors
    FROM errors WHERE Function IS NOT NULL AND Outcome = 'escaped' GROUP BY Function
)
SELECT
    coalesce(called.Function, failed.Function) AS Function,
    coalesce(called.Origin, failed.Origin) AS Origin,
    CASE WHEN calls IS NULL THEN failed.Agent ELSE called.Agent END AS Agent,
    CASE WHEN calls IS NULL THEN failed.Model ELSE called.Model END AS Model,
    CASE WHEN calls IS NULL THEN failed.Commit ELSE called.Commit END AS Commit,
    calls, coalesce(errors, 0) AS errors, spent / 1e3 AS spent, p50, p95,
    coalesce(spread, 1) AS spread
FROM called FULL JOIN failed ON called.Function = failed.Function
