{# By which kind of unit each function is counted: the first that it has. #}
CREATE TEMPORARY TABLE function_ranks AS
SELECT ServiceName, Function, min(Rank) AS Rank FROM spans
WHERE Origin IS NOT NULL AND Function IS NOT NULL AND AsgiEvent IS NULL
GROUP BY ServiceName, Function
