{# The errors of each line that raised them, with the newest commit and time. #}
{% from 'macros.sql' import count with context %}
SELECT
    Function, Path, Line, Type, Commit, Origin, {{ count() }} AS n, max(Time) AS latest
FROM errors WHERE Function IS NOT NULL OR Path IS NOT NULL
GROUP BY Function, Path, Line, Type, Commit, Origin
ORDER BY n DESC, Function, Path, Line, Type, Commit, Origin
