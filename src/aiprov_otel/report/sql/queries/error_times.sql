{# When the first error of all groups came, and the last. #}
SELECT min(First), max(Latest) FROM error_groups
