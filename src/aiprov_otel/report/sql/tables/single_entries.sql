{# The traces that entered a service once: all their spans there have that route. #}
CREATE TEMPORARY TABLE single_entries AS
SELECT TraceId, ServiceName, min(Route) AS Route FROM entries
GROUP BY TraceId, ServiceName HAVING count(*) = 1
