SELECT Stacktrace FROM recorded_exceptions
WHERE TraceId = $trace AND Type = $type AND Stacktrace IS NOT NULL
    AND coalesce(Line, -1) = coalesce($line, -1)
ORDER BY length(Stacktrace) DESC LIMIT 1
