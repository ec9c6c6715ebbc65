{# Where a trace entered a service once, all its spans there have that route. #}
CREATE TEMPORARY TABLE lone AS
SELECT TraceId, ServiceName, min(Route) AS Route FROM entries
GROUP BY TraceId, ServiceName HAVING count(*) = 1
