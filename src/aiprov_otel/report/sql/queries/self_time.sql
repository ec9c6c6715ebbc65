{# Self time by origin in each part of *width* nanoseconds since *begin*. #}
{% from 'macros.sql' import count with context %}
SELECT
    floor((Start - {{ begin }}) / {{ width }}) AS Part, Origin, {{ count() }}, quantile_cont(SelfMs, 0.5), quantile_cont(SelfMs, 0.95)
FROM units WHERE Kind IN ('function', 'caller')
GROUP BY floor((Start - {{ begin }}) / {{ width }}), Origin ORDER BY 1, 2
