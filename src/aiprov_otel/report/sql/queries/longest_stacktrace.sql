-- That of what a library raised from the exception, at the same line, is longer: it has both.
SELECT Stacktrace FROM recorded_exceptions
WHERE TraceId = $trace AND Stacktrace LIKE concat('%', $type, '%')
    AND coalesce(Line, -1) = coalesce($line, -1)
ORDER BY length(Stacktrace) DESC, Stacktrace LIMIT 1
