{# An exception counts once, where it was recorded first, at the innermost span. The same type,
   message, raising line and `aiprov.exception.*` (or none), on a span above, is the same exception; else
   so is what the service marked as recorded before, if it was raised at the same line. Siblings that fail
   alike are two errors. #}
CREATE TEMPORARY TABLE repeats AS
WITH alike AS (
    SELECT
        first.Number AS Number, again.Number AS Repeat,
        again.Type = first.Type AND again.Message = first.Message AS IsSame
    FROM ancestors
    JOIN recorded_exceptions AS first
        ON first.TraceId = ancestors.TraceId AND first.SpanId = ancestors.SpanId
    JOIN recorded_exceptions AS again
        ON again.TraceId = ancestors.TraceId AND again.SpanId = ancestors.Ancestor
    WHERE again.Time >= first.Time
        AND (again.Repeated OR (again.Type = first.Type AND again.Message = first.Message))
        AND (again.Line IS NULL OR (
            again.Line = coalesce(first.Line, -1)
            AND coalesce(again.Path, '') = coalesce(first.Path, '')))
        AND (again.Origin IS NULL OR (
            again.Origin = coalesce(first.Origin, '')
            AND coalesce(again.Model, '') = coalesce(first.Model, '')
            AND coalesce(again.Commit, '') = coalesce(first.Commit, '')))
)
SELECT Number, Repeat FROM alike
QUALIFY row_number() OVER (PARTITION BY Repeat ORDER BY IsSame DESC, Number) = 1
