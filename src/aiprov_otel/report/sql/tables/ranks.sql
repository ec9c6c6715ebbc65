{# The first kind of unit that a function has, by which it is counted. #}
{% from 'macros.sql' import span with context %}
CREATE TEMPORARY TABLE ranks AS
SELECT ServiceName, Function, min(Rank) AS Rank FROM spans
WHERE Origin IS NOT NULL AND Function IS NOT NULL AND {{ span('asgi.event.type') }} IS NULL
GROUP BY ServiceName, Function
