{# The share of errors in functions that have calls, and so an error rate. #}
SELECT (SELECT sum(Weight) FROM placed) / nullif((SELECT sum(Weight) FROM errors), 0)
