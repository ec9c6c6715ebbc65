{# Rule 1: an exception counts once, where it was recorded first, at the innermost span. The same type,
   message, raising line and `aiprov.exception.*` (or none), on that span again or on a span above, is
   the same exception. Siblings that fail alike are two errors. #}
CREATE TEMPORARY TABLE echoed AS
SELECT first.Number AS Number, again.Number AS Again, again.Failed AS Failed
FROM above
JOIN recorded AS first ON first.TraceId = above.TraceId AND first.SpanId = above.SpanId
JOIN recorded AS again ON again.TraceId = above.TraceId AND again.SpanId = above.Ancestor
WHERE     again.Time >= first.Time AND again.Type = first.Type AND again.Message = first.Message
    AND (again.Line IS NULL OR (
        again.Line = coalesce(first.Line, -1)
        AND coalesce(again.Path, '') = coalesce(first.Path, '')))
    AND (again.Origin IS NULL OR (
        again.Origin = coalesce(first.Origin, '')
        AND coalesce(again.Model, '') = coalesce(first.Model, '')
        AND coalesce(again.Commit, '') = coalesce(first.Commit, '')))
