{# The fields of `strata.FunctionSums` by *dimensions*. #}
{% set columns = dimensions | join(', ') %}
WITH counted AS (
    SELECT {{ columns }}, Function, Weight AS calls, 0 AS errors FROM units
    UNION ALL
    SELECT {{ columns }}, Function, 0 AS calls, Weight AS errors FROM errors WHERE Outcome = 'escaped'
),
each AS (
    SELECT {{ columns }}, Function, sum(calls) AS calls, sum(errors) AS errors
    FROM counted GROUP BY {{ columns }}, Function
)
SELECT
    {{ columns }}, count(*), sum(calls), sum(errors), sum(errors * errors),
    sum(errors * calls), sum(calls * calls)
FROM each GROUP BY {{ columns }}
