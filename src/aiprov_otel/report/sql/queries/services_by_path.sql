{# The services whose spans stand for functions of each file. #}
SELECT DISTINCT Path, ServiceName FROM units
WHERE Path IS NOT NULL AND ServiceName IS NOT NULL ORDER BY Path, ServiceName LIMIT 20000
