{% from 'macros.sql' import count with context %}
SELECT
    (SELECT count(*) FROM spans),
    {{ count() }},
    coalesce(sum(Weight) FILTER (WHERE Origin <> 'unknown'), 0) / nullif(sum(Weight), 0),
    sum(Weight) FILTER (WHERE Origin <> 'unknown' AND Strength = 'weak')
        / nullif(sum(Weight) FILTER (WHERE Origin <> 'unknown' AND Strength IS NOT NULL), 0)
FROM units
