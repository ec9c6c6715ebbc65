{# The share of escaped errors in functions that have calls, and so an error rate. #}
SELECT (SELECT sum(Weight) FROM placed) / nullif((SELECT sum(Weight) FROM errors WHERE Outcome = 'escaped'), 0)
