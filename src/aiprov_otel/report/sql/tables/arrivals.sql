{# For each span that failed or recorded an exception, the *Entry* by which its work came in; and whether
   what failed it *Arrived* there, as all spans on the way failed too. #}
CREATE TEMPORARY TABLE arrivals AS
WITH RECURSIVE walk AS (
    SELECT TraceId, SpanId, SpanId AS Reached, Up, Failed, true AS Arrived, 1 AS Depth
    FROM failed_traces
    WHERE Failed OR Raising
    UNION ALL
    SELECT
        walk.TraceId, walk.SpanId, above.SpanId, above.Up, above.Failed,
        walk.Arrived AND walk.Failed, walk.Depth + 1
    FROM walk
    JOIN failed_traces AS above ON above.TraceId = walk.TraceId AND above.SpanId = walk.Up
    WHERE walk.Up <> '' AND walk.Depth < 500
)
SELECT
    walk.TraceId AS TraceId, walk.SpanId AS SpanId, walk.Reached AS Entry, walk.Arrived AS Arrived,
    entry.Failed AS EntryFailed, entry.Refused AS EntryRefused, entry.Outcome AS EntryOutcome,
    entry.IsRequest AS IsRequest, entry.IsCall AS IsCall, entry.SpanName AS EntryName
FROM walk
JOIN failed_traces AS entry ON entry.TraceId = walk.TraceId AND entry.SpanId = walk.Reached
WHERE walk.Up = ''
