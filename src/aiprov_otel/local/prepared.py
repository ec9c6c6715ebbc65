"""
What the report is computed from: units with their self time, and errors, one for each failure.

Units are spans with `aiprov.origin`, and each stands for a call. A function is counted by its own
spans (unit `function`) where it has some, else by the requests that it served (`handler`), else by
the calls that it made (`caller`): no call counts twice. Messages of the ASGI protocol, which their
instrumentation gives spans, are no calls of the code that passes them on. A unit's self time is
its duration without the union of its direct children's intervals, each clipped to the unit.

What counts as an error, where a span has *failed* when its status is Error:

1. An exception counts once, where it was recorded first: at the innermost span. Recorded again on
   that span or on a span above, with the same type, message, raising line and `aiprov.exception.*`
   (or without saying them), it is the same exception. Siblings that fail alike are two errors.
2. It counts if a span that recorded it has failed. Recorded only by spans that did not fail, it was
   handled and is no error, except where it is the one explanation there is: the last exception
   recorded below a failed span that recorded none itself, and below which no unit and no span with
   an exception has failed.
3. A failed span that recorded no exception is an error of its own when it is nobody's echo: no
   exception was recorded below it, and none by a failed span above it. Of the failed units of one
   line of descent only the innermost counts, and spans that are no unit count only where there is
   no failed unit above or below them, the outermost of them. So a request that answers 500 because
   the service that it called answered 500 is one error, of the innermost unit that we know of.

An error belongs to the line that raised it (`aiprov.exception.*`; of a span without an exception,
`aiprov.error.*`, else its own `aiprov.*`); where nothing says whose line that is, to `unknown`.
"""

from __future__ import annotations

from typing import Final

from aiprov_otel import attributes as keys


def _span(key: str) -> str:
    return f"SpanAttributes['{key}']"


def _event(key: str) -> str:
    return f"Event['{key}']"


SPANS: Final = f"""
CREATE TEMP VIEW spans AS
SELECT
    TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, StatusMessage, SpanAttributes,
    "Events.Timestamp", "Events.Name", "Events.Attributes",
    epoch_ns(Timestamp) AS Start,
    epoch_ns(Timestamp) + Duration::BIGINT AS Finish,
    Duration::BIGINT AS Duration,
    StatusCode = 'Error' AS Failed,
    {_span(keys.ORIGIN)} AS Origin,
    {_span(keys.AGENT_NAME)} AS Agent,
    {_span(keys.MODEL_NAME)} AS Model,
    {_span(keys.COMMIT_ID)} AS Commit,
    {_span(keys.CODE_FUNCTION_NAME)} AS Function,
    coalesce(list_position(['function', 'handler'], {_span(keys.UNIT)}), 3) AS Rank
FROM otel_traces
WHERE epoch_ns(Timestamp) >= {{since}}
"""

UNITS: Final = f"""
CREATE TEMP TABLE units AS
WITH children AS (
    SELECT
        unit.TraceId, unit.SpanId,
        greatest(child.Start, unit.Start) AS Start,
        least(child.Finish, unit.Finish) AS Finish
    FROM spans AS child
    JOIN spans AS unit ON child.TraceId = unit.TraceId AND child.ParentSpanId = unit.SpanId
    WHERE unit.Origin IS NOT NULL AND child.SpanId <> unit.SpanId
),
covered AS (
    SELECT
        TraceId, SpanId,
        Finish - greatest(Start, coalesce(max(Finish) OVER earlier, Start)) AS Ns
    FROM children
    WHERE Finish > Start
    WINDOW earlier AS (
        PARTITION BY TraceId, SpanId ORDER BY Start, Finish
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
waiting AS (
    SELECT TraceId, SpanId, sum(greatest(Ns, 0)) AS Ns FROM covered GROUP BY ALL
)
SELECT
    Origin, Agent, Model, Commit, Function, Start,
    {_span(keys.EVIDENCE_STRENGTH)} AS Strength,
    {_span(keys.MATCH)} AS Match,
    (Duration - coalesce(waiting.Ns, 0)) / 1e6 AS SelfMs
FROM spans
LEFT JOIN waiting USING (TraceId, SpanId)
WHERE Origin IS NOT NULL AND {_span("asgi.event.type")} IS NULL
QUALIFY Rank = min(Rank) OVER (PARTITION BY coalesce(Function, SpanId))
"""

RECORDED: Final = f"""
CREATE TEMP TABLE recorded AS
WITH events AS (
    SELECT
        TraceId, SpanId, Failed,
        unnest("Events.Timestamp") AS Time,
        unnest("Events.Name") AS Name,
        unnest("Events.Attributes") AS Event
    FROM spans
    WHERE list_contains("Events.Name", 'exception')
),
exceptions AS (
    SELECT
        TraceId, SpanId, Failed, epoch_ns(Time) AS Time,
        coalesce({_event("exception.type")}, '') AS Type,
        coalesce({_event("exception.message")}, '') AS Message,
        {_event(keys.EXCEPTION_ORIGIN)} AS Origin,
        {_event(keys.EXCEPTION_AGENT_NAME)} AS Agent,
        {_event(keys.EXCEPTION_MODEL_NAME)} AS Model,
        {_event(keys.EXCEPTION_COMMIT_ID)} AS Commit,
        {_event(keys.CODE_FUNCTION_NAME)} AS Function,
        coalesce({_event(keys.FILE_PATH)}, {_event(keys.CODE_FILE_PATH)}) AS Path,
        TRY_CAST({_event(keys.CODE_LINE_NUMBER)} AS BIGINT) AS Line,
        {_event("exception.stacktrace")} AS Stacktrace
    FROM events
    WHERE Name = 'exception'
)
SELECT * FROM exceptions
QUALIFY row_number() OVER (
    PARTITION BY TraceId, SpanId, Type, Message, Path, Line, Origin, Model, Commit ORDER BY Time
) = 1
"""

ABOVE: Final = """
CREATE TEMP TABLE above AS
WITH RECURSIVE marked AS (
    SELECT TraceId, SpanId, ParentSpanId FROM spans
    WHERE Failed OR list_contains("Events.Name", 'exception')
),
walk AS (
    SELECT TraceId, SpanId, ParentSpanId AS Ancestor FROM marked
    UNION -- not ALL: spans that name each other as parent must come to an end
    SELECT walk.TraceId, walk.SpanId, spans.ParentSpanId
    FROM walk JOIN spans ON spans.TraceId = walk.TraceId AND spans.SpanId = walk.Ancestor
)
SELECT
    walk.TraceId, walk.SpanId, walk.Ancestor,
    below.Failed AS BelowFailed, below.Origin IS NOT NULL AS BelowIsUnit,
    ancestor.Failed AS AboveFailed, ancestor.Origin IS NOT NULL AS AboveIsUnit
FROM walk
JOIN spans AS below ON below.TraceId = walk.TraceId AND below.SpanId = walk.SpanId
JOIN spans AS ancestor ON ancestor.TraceId = walk.TraceId AND ancestor.SpanId = walk.Ancestor
WHERE walk.SpanId <> walk.Ancestor
"""

_SAME: Final = """
    again.Time >= first.Time AND again.Type = first.Type AND again.Message = first.Message
    AND (again.Line IS NULL OR (
        again.Line IS NOT DISTINCT FROM first.Line AND again.Path IS NOT DISTINCT FROM first.Path))
    AND (again.Origin IS NULL OR (
        again.Origin IS NOT DISTINCT FROM first.Origin
        AND again.Model IS NOT DISTINCT FROM first.Model
        AND again.Commit IS NOT DISTINCT FROM first.Commit))
"""

EXCEPTIONS: Final = f"""
CREATE TEMP TABLE exceptions AS
WITH pairs AS (
    SELECT
        above.TraceId, above.SpanId, above.Ancestor, again.Failed AS AgainFailed,
        first.rowid AS FirstRow, again.rowid AS AgainRow
    FROM above
    JOIN recorded AS first ON first.TraceId = above.TraceId AND first.SpanId = above.SpanId
    JOIN recorded AS again ON again.TraceId = above.TraceId AND again.SpanId = above.Ancestor
    WHERE {_SAME}
),
crossing AS (
    SELECT FirstRow, bool_or(AgainFailed) AS Failed FROM pairs GROUP BY FirstRow
)
SELECT
    recorded.* EXCLUDE (Failed),
    recorded.Failed OR coalesce(crossing.Failed, FALSE) AS Failed
FROM recorded LEFT JOIN crossing ON crossing.FirstRow = recorded.rowid
WHERE recorded.rowid NOT IN (SELECT AgainRow FROM pairs)
"""

ERRORS: Final = f"""
CREATE TEMP TABLE errors AS
WITH raising AS (SELECT DISTINCT TraceId, SpanId FROM recorded),
silent AS (
    SELECT * FROM spans WHERE Failed AND (TraceId, SpanId) NOT IN (FROM raising)
),
explained AS ( -- rule 2: the only explanation of a failed span above
    SELECT exceptions.*
    FROM exceptions
    JOIN above USING (TraceId, SpanId)
    JOIN silent ON silent.TraceId = above.TraceId AND silent.SpanId = above.Ancestor
    WHERE NOT exceptions.Failed AND NOT EXISTS (
        FROM above AS other
        WHERE other.TraceId = above.TraceId AND other.Ancestor = above.Ancestor
            AND other.BelowFailed
            AND (other.BelowIsUnit OR (other.TraceId, other.SpanId) IN (FROM raising))
    )
    QUALIFY row_number() OVER (
        PARTITION BY above.TraceId, above.Ancestor ORDER BY exceptions.Time DESC
    ) = 1
),
raised AS (
    SELECT * FROM exceptions WHERE Failed
    UNION
    SELECT * FROM explained
),
echoes AS (
    SELECT TraceId, Ancestor AS SpanId FROM above -- of an exception below
    WHERE (TraceId, SpanId) IN (FROM raising)
    UNION
    SELECT TraceId, SpanId FROM above -- of an exception that failed a span above
    WHERE AboveFailed AND (TraceId, Ancestor) IN (FROM raising)
    UNION
    SELECT TraceId, Ancestor FROM above -- of a failed unit below
    WHERE BelowFailed AND BelowIsUnit
    UNION
    SELECT TraceId, SpanId FROM above -- of a failed unit above, or of any failed span above
    WHERE AboveFailed AND NOT BelowIsUnit
)
SELECT
    TraceId, SpanId, Time, coalesce(Origin, 'unknown') AS Origin, Agent, Model, Commit,
    Type, Function, Path, Line, Stacktrace
FROM raised
UNION ALL
SELECT
    TraceId, SpanId, Finish AS Time,
    coalesce({_span(keys.ERROR_ORIGIN)}, Origin, 'unknown') AS Origin,
    CASE WHEN {_span(keys.ERROR_ORIGIN)} IS NULL THEN Agent
        ELSE {_span(keys.ERROR_AGENT_NAME)} END AS Agent,
    CASE WHEN {_span(keys.ERROR_ORIGIN)} IS NULL THEN Model
        ELSE {_span(keys.ERROR_MODEL_NAME)} END AS Model,
    CASE WHEN {_span(keys.ERROR_ORIGIN)} IS NULL THEN Commit
        ELSE {_span(keys.ERROR_COMMIT_ID)} END AS Commit,
    coalesce({_span(keys.ERROR_TYPE)}, nullif(StatusMessage, ''), 'failed') AS Type,
    Function, {_span(keys.FILE_PATH)} AS Path, NULL AS Line, NULL AS Stacktrace
FROM silent
WHERE (TraceId, SpanId) NOT IN (FROM echoes)
"""

FUNCTIONS: Final = """
CREATE TEMP VIEW functions AS
WITH called AS (
    SELECT
        Function, arg_max(Origin, Start) AS Origin, arg_max(Agent, Start) AS Agent,
        arg_max(Model, Start) AS Model, arg_max(Commit, Start) AS Commit, count(*) AS calls,
        sum(SelfMs) AS spent,
        quantile_cont(SelfMs, 0.5) AS p50, quantile_cont(SelfMs, 0.95) AS p95
    FROM units WHERE Function IS NOT NULL GROUP BY Function
),
failed AS (
    SELECT
        Function, arg_max(Origin, Time) AS Origin, arg_max(Agent, Time) AS Agent,
        arg_max(Model, Time) AS Model, arg_max(Commit, Time) AS Commit, count(*) AS errors
    FROM errors WHERE Function IS NOT NULL GROUP BY Function
)
SELECT
    Function, coalesce(called.Origin, failed.Origin) AS Origin,
    CASE WHEN calls IS NULL THEN failed.Agent ELSE called.Agent END AS Agent,
    CASE WHEN calls IS NULL THEN failed.Model ELSE called.Model END AS Model,
    CASE WHEN calls IS NULL THEN failed.Commit ELSE called.Commit END AS Commit,
    coalesce(calls, 0) AS calls, coalesce(errors, 0) AS errors, spent / 1e3 AS spent, p50, p95
FROM called FULL JOIN failed USING (Function)
"""

PREPARE: Final = (SPANS, UNITS, RECORDED, ABOVE, EXCEPTIONS, ERRORS, FUNCTIONS)
"""What to run, in this order, in a session of one's own; SPANS wants *since*, in nanoseconds."""
