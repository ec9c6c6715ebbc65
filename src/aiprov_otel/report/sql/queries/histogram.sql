{# How often *column* of the units, in milliseconds, was in each of *steps* steps of a doubling. #}
{% set step = "floor(log2(greatest(%s, 1e-4)) * %d)" % (column, steps) %}
SELECT ServiceName, Route, Kind, Name, Origin, {{ step }} AS Step, sum(Weight)
FROM units WHERE Kind IN ('function', 'caller')
GROUP BY ServiceName, Route, Kind, Name, Origin, {{ step }}
