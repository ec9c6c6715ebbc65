{# The errors of each group in each part of *width* nanoseconds since *begin*. #}
{% from 'macros.sql' import count, group_key with context %}
SELECT {{ group_key() }} AS GroupKey, floor((Time - {{ begin }}) / {{ width }}) AS Part, {{ count() }}
FROM errors WHERE {{ group_key() }} IN (SELECT GroupKey FROM error_groups)
GROUP BY GroupKey, Part
