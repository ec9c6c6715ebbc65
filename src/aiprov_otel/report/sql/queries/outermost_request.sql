{# The first request around the span `$entry`, by which another service or this one was asked. #}
SELECT ancestors.Ancestor FROM ancestors
JOIN failed_traces AS above ON above.TraceId = ancestors.TraceId AND above.SpanId = ancestors.Ancestor
WHERE ancestors.TraceId = $trace AND ancestors.SpanId = $entry AND above.IsRequest
ORDER BY above.Start, above.SpanId LIMIT 1
