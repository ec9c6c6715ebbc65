{# A row for each failure. A span has failed if its status is Error.

   1. An exception counts once: see repeats.sql.
   2. It counts if a span that recorded it has failed. If none has, it was handled and is not an error,
      unless it is the only explanation: the last exception recorded below a failed span that recorded
      none itself, and below which no unit and no span with an exception failed.
   3. A failed span without an exception is an error of its own if it repeats no other: no exception was
      recorded below it, or by a failed span above it. Of failed units in one line of descent only the
      innermost counts; other spans count only if no unit above or below them failed, and of them the
      outermost. So a request that answers 500 because another service answered 500 is one error.

   An error belongs to the line that raised it (`aiprov.exception.*`; without an exception,
   `aiprov.error.*`, else the span's own `aiprov.*`), or to `unknown`. #}
{% from 'macros.sql' import span with context %}
CREATE TEMPORARY TABLE errors AS
WITH silent AS (
    SELECT * FROM spans WHERE Failed AND NOT Raising
),
explained AS ( -- rule 2: the only explanation of a failed span above
    SELECT exceptions.Number AS Number
    FROM exceptions
    JOIN ancestors ON ancestors.TraceId = exceptions.TraceId AND ancestors.SpanId = exceptions.SpanId
    WHERE NOT exceptions.Failed AND ancestors.AboveFailed AND NOT ancestors.AboveRaising
        AND (ancestors.TraceId, ancestors.Ancestor) NOT IN (
            SELECT TraceId, Ancestor FROM ancestors
            WHERE BelowFailed AND (BelowIsUnit OR BelowRaising)
        )
    QUALIFY row_number() OVER (
        PARTITION BY ancestors.TraceId, ancestors.Ancestor ORDER BY exceptions.Time DESC
    ) = 1
),
repeating AS (
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
)
SELECT
    TraceId, SpanId, Weight, Time, coalesce(Origin, 'unknown') AS Origin, Agent, Model, Commit,
    Type, Function, Path, Line, Stacktrace
FROM exceptions
WHERE Failed OR Number IN (SELECT Number FROM explained)
UNION ALL
SELECT
    TraceId, SpanId, Weight, Finish AS Time,
    coalesce({{ span(keys.ERROR_ORIGIN) }}, Origin, 'unknown') AS Origin,
    CASE WHEN {{ span(keys.ERROR_ORIGIN) }} IS NULL THEN Agent
        ELSE {{ span(keys.ERROR_AGENT_NAME) }} END AS Agent,
    CASE WHEN {{ span(keys.ERROR_ORIGIN) }} IS NULL THEN Model
        ELSE {{ span(keys.ERROR_MODEL_NAME) }} END AS Model,
    CASE WHEN {{ span(keys.ERROR_ORIGIN) }} IS NULL THEN Commit
        ELSE {{ span(keys.ERROR_COMMIT_ID) }} END AS Commit,
    coalesce({{ span(keys.ERROR_TYPE) }}, nullif(StatusMessage, ''), 'failed') AS Type,
    Function, {{ span(keys.FILE_PATH) }} AS Path, NULL AS Line, NULL AS Stacktrace
FROM silent
WHERE (TraceId, SpanId) NOT IN (SELECT TraceId, SpanId FROM repeating)
