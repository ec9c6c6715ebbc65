{# Counts by function, route and origin in each part of *width* nanoseconds since *begin*. #}
{% from 'macros.sql' import observed with context %}
SELECT
    floor((Time - {{ begin }}) / {{ width }}) AS Part, ServiceName, Route, Kind, Name, Origin, sum(calls), sum(errors)
FROM {{ observed() }} WHERE Kind IN ('function', 'caller')
GROUP BY floor((Time - {{ begin }}) / {{ width }}), ServiceName, Route, Kind, Name, Origin
