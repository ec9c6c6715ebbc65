{# A row for each error, with its outcome; docs/reference/counting.md has the rules. A span has failed if
   its status is Error.

   1. An exception counts once: see exceptions.sql.
   2. A failed span without an exception is an error of its own if it repeats no other: no exception was
      recorded below it, by a failed span above it, or by a sibling during the same time. Of failed units
      in one line of descent only the innermost counts; other spans count only if no unit above or below
      them failed, and of them the outermost. So a request that answers 500 because another service
      answered 500 is one error.
   3. One error decided what became of the work: the exception that its entry recorded last, else the last
      error that arrived there, else, where the entry failed, the last that did not; of a group, all that
      arrived. Its outcome is that of the entry. All others were handled, and so is what failed a call that
      no span is around: a client or producer span is no work that came in.

   An error belongs to the line that raised it (`aiprov.exception.*`; without an exception,
   `aiprov.error.*`, else the span's own `aiprov.*`), or to `unknown`. #}
{% from 'macros.sql' import span with context %}
CREATE TEMPORARY TABLE errors AS
WITH repeating AS (
    SELECT TraceId, Ancestor AS SpanId FROM ancestors -- of an exception below
    WHERE BelowRaising
    UNION DISTINCT
    SELECT TraceId, SpanId FROM ancestors -- of an exception that failed a span above
    WHERE AboveFailed AND AboveRaising
    UNION DISTINCT
    SELECT TraceId, Ancestor FROM ancestors -- of a failed unit below
    WHERE BelowFailed AND BelowIsUnit
    UNION DISTINCT
    SELECT TraceId, SpanId FROM ancestors -- of a failed unit above, or of any failed span above
    WHERE AboveFailed AND NOT BelowIsUnit
    UNION DISTINCT
    SELECT silent.TraceId, silent.SpanId -- as two instrumentations of one query
    FROM failed_traces AS silent
    JOIN failed_traces AS raising
        ON raising.TraceId = silent.TraceId AND raising.ParentSpanId = silent.ParentSpanId
    WHERE raising.Raising AND raising.Failed AND NOT silent.Raising AND (
        (silent.Start <= raising.Start AND raising.Finish <= silent.Finish)
        OR (raising.Start <= silent.Start AND silent.Finish <= raising.Finish))
),
counted AS (
    SELECT
        Number, TraceId, SpanId, Weight, Time, coalesce(Origin, 'unknown') AS Origin, Agent, Model, Commit,
        Type, Message, Function, Path, Line, Stacktrace
    FROM exceptions
    UNION ALL
    SELECT
        0 AS Number, TraceId, SpanId, Weight, Finish AS Time,
        coalesce({{ span(keys.ERROR_ORIGIN) }}, Origin, 'unknown') AS Origin,
        CASE WHEN {{ span(keys.ERROR_ORIGIN) }} IS NULL THEN Agent
            ELSE {{ span(keys.ERROR_AGENT_NAME) }} END AS Agent,
        CASE WHEN {{ span(keys.ERROR_ORIGIN) }} IS NULL THEN Model
            ELSE {{ span(keys.ERROR_MODEL_NAME) }} END AS Model,
        CASE WHEN {{ span(keys.ERROR_ORIGIN) }} IS NULL THEN Commit
            ELSE {{ span(keys.ERROR_COMMIT_ID) }} END AS Commit,
        coalesce({{ span(keys.ERROR_TYPE) }}, nullif(StatusMessage, ''), 'failed') AS Type,
        '' AS Message, Function, Path, NULL AS Line, NULL AS Stacktrace
    FROM spans
    WHERE Failed AND NOT Raising AND (TraceId, SpanId) NOT IN (SELECT TraceId, SpanId FROM repeating)
),
own AS ( -- what an entry itself recorded last
    SELECT
        recorded.TraceId AS TraceId, recorded.SpanId AS SpanId,
        argMax(coalesce(repeats.Number, recorded.Number), recorded.Number) AS Number
    FROM recorded_exceptions AS recorded
    JOIN failed_traces AS entry
        ON entry.TraceId = recorded.TraceId AND entry.SpanId = recorded.SpanId
    LEFT JOIN repeats ON repeats.Repeat = recorded.Number
    WHERE entry.Up = ''
    GROUP BY recorded.TraceId, recorded.SpanId
),
collecting AS ( -- the groups whose members count
    SELECT Number FROM recorded_exceptions
    WHERE Type IN ('ExceptionGroup', 'BaseExceptionGroup') AND Number NOT IN (SELECT Number FROM exceptions)
),
ranked AS (
    SELECT
        counted.Number AS Number, counted.TraceId AS TraceId, counted.SpanId AS SpanId, Weight, Time,
        Origin, Agent, Model, Commit, Type, Message, Function, Path, Line, Stacktrace,
        failing.ServiceName AS ServiceName, arrivals.Entry AS Entry, arrivals.IsRequest AS IsRequest, arrivals.IsCall AS IsCall,
        EntryName, EntryFailed, EntryRefused, EntryOutcome,
        CASE WHEN own.Number IN (SELECT Number FROM collecting) THEN Arrived
            WHEN own.Number IS NOT NULL THEN counted.Number = own.Number
            ELSE (Arrived OR EntryFailed) AND row_number() OVER (
                PARTITION BY counted.TraceId, arrivals.Entry ORDER BY Arrived DESC, Time DESC, counted.Number DESC, counted.SpanId
            ) = 1 END AS Deciding
    FROM counted
    LEFT JOIN failed_traces AS failing
        ON failing.TraceId = counted.TraceId AND failing.SpanId = counted.SpanId
    LEFT JOIN arrivals ON arrivals.TraceId = counted.TraceId AND arrivals.SpanId = counted.SpanId
    LEFT JOIN own ON own.TraceId = counted.TraceId AND own.SpanId = arrivals.Entry
)
SELECT
    TraceId, SpanId, ServiceName, Weight, Time, Origin, Agent, Model, Commit, Type, Message, Function,
    Path, Line, Stacktrace, Entry, EntryName, coalesce(IsRequest, false) AS IsRequest,
    CASE WHEN NOT coalesce(Deciding, false) THEN 'handled'
        WHEN EntryOutcome IS NOT NULL THEN EntryOutcome
        WHEN IsCall THEN 'handled'
        WHEN EntryRefused THEN 'expected'
        WHEN NOT EntryFailed THEN 'handled'
        WHEN Type IN ('{{ cancellations | join("', '") }}')
            OR (Type = 'SystemExit' AND Message IN ('', '0', 'None')) THEN 'expected'
        ELSE 'escaped' END AS Outcome
FROM ranked
