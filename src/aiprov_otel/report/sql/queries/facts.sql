{# How many spans there are, how many stand for application code, and their time. #}
SELECT count(*), count(Origin), coalesce(min(Start), 0), coalesce(max(Start), 0) FROM spans
