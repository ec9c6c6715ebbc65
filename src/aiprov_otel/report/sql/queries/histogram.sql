{# How many units have a *column*, in milliseconds, in each step; a doubling has *steps* of them. #}
{% set step = "floor(log2(greatest(%s, 1e-4)) * %d)" % (column, steps) %}
SELECT ServiceName, Route, Kind, Name, Origin, {{ step }} AS Step, sum(Weight)
FROM units WHERE Kind IN ('function', 'caller')
GROUP BY ServiceName, Route, Kind, Name, Origin, {{ step }}
