{# The requests in which the errors of each group came, by name: the *most* with most errors. #}
{% from 'macros.sql' import count, group_key with context %}
SELECT {{ group_key() }} AS GroupKey, EntryName
FROM errors
WHERE IsRequest AND {{ group_key() }} IN (SELECT GroupKey FROM error_groups)
GROUP BY GroupKey, EntryName
QUALIFY row_number() OVER (PARTITION BY GroupKey ORDER BY {{ count() }} DESC, EntryName) <= {{ most }}
ORDER BY GroupKey, {{ count() }} DESC, EntryName
