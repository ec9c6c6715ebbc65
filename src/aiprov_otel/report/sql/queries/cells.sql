{# Counts by function, route and origin, without handlers: a route has only one. #}
{% from 'macros.sql' import observed, age with context %}
SELECT
    ServiceName, Route, Kind, Name, Origin, Agent, Model, Commit, Committed, Strength,
    {{ age() }} AS Age, sum(calls), sum(errors)
FROM {{ observed() }} WHERE Kind IN ('function', 'caller')
GROUP BY
    ServiceName, Route, Kind, Name, Origin, Agent, Model, Commit, Committed, Strength, {{ age() }}
