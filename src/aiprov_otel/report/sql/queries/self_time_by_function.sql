{# Calls and self time of each function, and where it is defined. #}
{% from 'macros.sql' import count with context %}
SELECT Path, Function, min(Line), {{ count() }}, sum(SelfMs * Weight) / 1e3 AS Spent
FROM units WHERE Path IS NOT NULL AND Function IS NOT NULL
GROUP BY Path, Function ORDER BY Spent DESC, Path, Function LIMIT 20000
