{% from 'macros.sql' import count with context %}
SELECT Type, Origin, Agent, Model, Commit, Path, Line, {{ count() }} AS n, Outcome FROM errors
GROUP BY Type, Origin, Agent, Model, Commit, Path, Line, Outcome
ORDER BY Outcome = 'escaped' DESC, n DESC, Type, Path, Line, Outcome LIMIT 10
