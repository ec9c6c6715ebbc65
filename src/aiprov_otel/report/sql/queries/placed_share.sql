{# The share of errors that have a place, and so an error rate. #}
SELECT (SELECT sum(Weight) FROM placed) / nullif((SELECT sum(Weight) FROM errors), 0)
