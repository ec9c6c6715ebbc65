{% from 'macros.sql' import count with context %}
SELECT Type, Origin, Agent, Model, Commit, Path, Line, {{ count() }} AS n FROM errors
GROUP BY Type, Origin, Agent, Model, Commit, Path, Line
ORDER BY n DESC, Type, Path, Line LIMIT 10
