{# Errors by exception type. #}
SELECT ServiceName, Route, Kind, Origin, Type, sum(Weight) FROM placed WHERE Kind IN ('function', 'caller')
GROUP BY ServiceName, Route, Kind, Origin, Type
