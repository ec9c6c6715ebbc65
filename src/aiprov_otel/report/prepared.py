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
from aiprov_otel.report.placed import LOCATED, NEAR, PLACED
from aiprov_otel.report.routes import ENTRIES, LONE, ROUTE, ROUTES, TANGLED
from aiprov_otel.report.sampling import COUNT, SPREAD, WEIGHTS

_DEEPEST: Final = 500  # spans above one another; those that name each other as parent end there


def _span(key: str) -> str:
    return f"nullif(SpanAttributes['{key}'], '')"


def _event(key: str) -> str:
    return f"nullif(Event['{key}'], '')"


SPANS: Final = f"""
CREATE TEMPORARY VIEW spans AS
SELECT
    TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, StatusMessage, SpanAttributes,
    "Events.Timestamp", "Events.Name", "Events.Attributes",
    toUnixTimestamp64Nano(Timestamp) AS Start,
    toUnixTimestamp64Nano(Timestamp) + CAST(Duration AS BIGINT) AS Finish,
    CAST(otel_traces.Duration AS BIGINT) AS Duration,
    StatusCode = 'Error' AS Failed,
    {WEIGHTS},
    nullif(ResourceAttributes['{keys.VCS_REPOSITORY_URL_FULL}'], '') AS Repository,
    {_span(keys.ORIGIN)} AS Origin,
    {_span(keys.AGENT_NAME)} AS Agent,
    {_span(keys.MODEL_NAME)} AS Model,
    {_span(keys.COMMIT_ID)} AS Commit,
    {_span(keys.CODE_FUNCTION_NAME)} AS Function,
    CASE {_span(keys.UNIT)} WHEN 'function' THEN 1 WHEN 'handler' THEN 2 ELSE 3 END AS Rank
FROM otel_traces
WHERE Timestamp >= fromUnixTimestamp64Nano({{since}})
"""

RANKS: Final = f"""
CREATE TEMPORARY TABLE ranks AS
SELECT ServiceName, Function, min(Rank) AS Rank FROM spans
WHERE Origin IS NOT NULL AND Function IS NOT NULL AND {_span("asgi.event.type")} IS NULL
GROUP BY ServiceName, Function
"""

UNITS: Final = f"""
CREATE TEMPORARY TABLE units AS
WITH children AS (
    SELECT
        unit.TraceId AS TraceId, unit.SpanId AS SpanId,
        greatest(child.Start, unit.Start) AS Start,
        least(child.Finish, unit.Finish) AS Finish
    FROM spans AS child
    JOIN spans AS unit ON child.TraceId = unit.TraceId AND child.ParentSpanId = unit.SpanId
    WHERE unit.Origin IS NOT NULL AND child.SpanId <> unit.SpanId
),
covered AS (
    SELECT
        TraceId, SpanId,
        Finish - greatest(Start, coalesce(max(Finish) OVER (
            PARTITION BY TraceId, SpanId ORDER BY Start, Finish
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), Start)) AS Ns
    FROM children
    WHERE Finish > Start
),
waiting AS (
    SELECT TraceId, SpanId, sum(greatest(Ns, 0)) AS Ns FROM covered GROUP BY TraceId, SpanId
)
SELECT
    spans.TraceId AS TraceId, spans.ServiceName AS ServiceName,
    {ROUTE.format(span="spans")} AS Route,
    CASE spans.Rank WHEN 1 THEN 'function' WHEN 2 THEN 'handler' ELSE 'caller' END AS Kind,
    Origin, Agent, Model, Commit, spans.Function AS Function,
    coalesce(spans.Function, SpanName) AS Name, Start,
    {_span(keys.COMMIT_TIME)} AS Committed,
    {_span(keys.EVIDENCE_STRENGTH)} AS Strength,
    {_span(keys.MATCH)} AS Match,
    Duration / 1e6 AS Ms, Weight,
    (Duration - coalesce(waiting.Ns, 0)) / 1e6 AS SelfMs
FROM spans
LEFT JOIN waiting ON waiting.TraceId = spans.TraceId AND waiting.SpanId = spans.SpanId
{ROUTES.format(span="spans")}
LEFT JOIN ranks ON ranks.ServiceName = spans.ServiceName AND ranks.Function = spans.Function
WHERE Origin IS NOT NULL AND {_span("asgi.event.type")} IS NULL
    AND spans.Rank = coalesce(ranks.Rank, spans.Rank)
"""

TOUCHED: Final = """
CREATE TEMPORARY TABLE touched AS
SELECT
    TraceId, SpanId, ParentSpanId, SpanName, ServiceName, Failed, Origin IS NOT NULL AS IsUnit,
    has("Events.Name", 'exception') AS Raising
FROM spans
WHERE TraceId IN (SELECT TraceId FROM spans WHERE Failed OR has("Events.Name", 'exception'))
"""
"""The spans of every trace in which something failed, narrow: few traces have any."""

RECORDED: Final = f"""
CREATE TEMPORARY TABLE recorded AS
WITH places AS (
    SELECT
        TraceId, SpanId, Failed, Weight, "Events.Timestamp", "Events.Name", "Events.Attributes",
        arrayJoin(range(1, length("Events.Name") + 1)) AS Place
    FROM spans
    WHERE has("Events.Name", 'exception')
),
events AS (
    SELECT
        TraceId, SpanId, Failed, Weight,
        toUnixTimestamp64Nano("Events.Timestamp"[Place]) AS Time,
        "Events.Attributes"[Place] AS Event
    FROM places
    WHERE "Events.Name"[Place] = 'exception'
),
exceptions AS (
    SELECT
        TraceId, SpanId, Failed, Weight, Time,
        Event['exception.type'] AS Type,
        Event['exception.message'] AS Message,
        {_event(keys.EXCEPTION_ORIGIN)} AS Origin,
        {_event(keys.EXCEPTION_AGENT_NAME)} AS Agent,
        {_event(keys.EXCEPTION_MODEL_NAME)} AS Model,
        {_event(keys.EXCEPTION_COMMIT_ID)} AS Commit,
        {_event(keys.CODE_FUNCTION_NAME)} AS Function,
        coalesce({_event(keys.FILE_PATH)}, {_event(keys.CODE_FILE_PATH)}) AS Path,
        toInt64OrNull(Event['{keys.CODE_LINE_NUMBER}']) AS Line,
        {_event("exception.stacktrace")} AS Stacktrace
    FROM events
)
SELECT
    TraceId, SpanId, Failed, Weight, Time,
    coalesce(Type, '') AS Type, coalesce(Message, '') AS Message,
    Origin, Agent, Model, Commit, Function, Path, Line, Stacktrace,
    row_number() OVER (ORDER BY Time, TraceId, SpanId) AS Number
FROM exceptions
QUALIFY row_number() OVER (
    PARTITION BY TraceId, SpanId, Type, Message, Path, Line, Origin, Model, Commit ORDER BY Time
) = 1
"""

ABOVE: Final = f"""
CREATE TEMPORARY TABLE above AS
WITH RECURSIVE walk AS (
    SELECT TraceId, SpanId, ParentSpanId AS Ancestor, 1 AS Depth FROM touched
    WHERE Failed OR Raising
    UNION ALL
    SELECT walk.TraceId, walk.SpanId, touched.ParentSpanId, walk.Depth + 1
    FROM walk
    JOIN touched ON touched.TraceId = walk.TraceId AND touched.SpanId = walk.Ancestor
    WHERE walk.Depth < {_DEEPEST}
)
SELECT DISTINCT
    walk.TraceId AS TraceId, walk.SpanId AS SpanId, walk.Ancestor AS Ancestor,
    below.Failed AS BelowFailed, below.IsUnit AS BelowIsUnit, below.Raising AS BelowRaising,
    ancestor.Failed AS AboveFailed, ancestor.Raising AS AboveRaising
FROM walk
JOIN touched AS below ON below.TraceId = walk.TraceId AND below.SpanId = walk.SpanId
JOIN touched AS ancestor ON ancestor.TraceId = walk.TraceId AND ancestor.SpanId = walk.Ancestor
WHERE walk.SpanId <> walk.Ancestor
"""

_SAME: Final = """
    again.Time >= first.Time AND again.Type = first.Type AND again.Message = first.Message
    AND (again.Line IS NULL OR (
        again.Line = coalesce(first.Line, -1)
        AND coalesce(again.Path, '') = coalesce(first.Path, '')))
    AND (again.Origin IS NULL OR (
        again.Origin = coalesce(first.Origin, '')
        AND coalesce(again.Model, '') = coalesce(first.Model, '')
        AND coalesce(again.Commit, '') = coalesce(first.Commit, '')))
"""

ECHOED: Final = f"""
CREATE TEMPORARY TABLE echoed AS
SELECT first.Number AS Number, again.Number AS Again, again.Failed AS Failed
FROM above
JOIN recorded AS first ON first.TraceId = above.TraceId AND first.SpanId = above.SpanId
JOIN recorded AS again ON again.TraceId = above.TraceId AND again.SpanId = above.Ancestor
WHERE {_SAME}
"""

EXCEPTIONS: Final = """
CREATE TEMPORARY TABLE exceptions AS
SELECT
    Number, TraceId, SpanId, Weight, Time, Type, Origin, Agent, Model, Commit, Function, Path, Line,
    Stacktrace, Failed OR Number IN (SELECT Number FROM echoed WHERE Failed) AS Failed
FROM recorded
WHERE Number NOT IN (SELECT Again FROM echoed)
"""

ERRORS: Final = f"""
CREATE TEMPORARY TABLE errors AS
WITH silent AS (
    SELECT * FROM spans WHERE Failed AND NOT has("Events.Name", 'exception')
),
explained AS ( -- rule 2: the only explanation of a failed span above
    SELECT exceptions.Number AS Number
    FROM exceptions
    JOIN above ON above.TraceId = exceptions.TraceId AND above.SpanId = exceptions.SpanId
    WHERE NOT exceptions.Failed AND above.AboveFailed AND NOT above.AboveRaising
        AND (above.TraceId, above.Ancestor) NOT IN (
            SELECT TraceId, Ancestor FROM above
            WHERE BelowFailed AND (BelowIsUnit OR BelowRaising)
        )
    QUALIFY row_number() OVER (
        PARTITION BY above.TraceId, above.Ancestor ORDER BY exceptions.Time DESC
    ) = 1
),
echoes AS (
    SELECT TraceId, Ancestor AS SpanId FROM above -- of an exception below
    WHERE BelowRaising
    UNION DISTINCT
    SELECT TraceId, SpanId FROM above -- of an exception that failed a span above
    WHERE AboveFailed AND AboveRaising
    UNION DISTINCT
    SELECT TraceId, Ancestor FROM above -- of a failed unit below
    WHERE BelowFailed AND BelowIsUnit
    UNION DISTINCT
    SELECT TraceId, SpanId FROM above -- of a failed unit above, or of any failed span above
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
WHERE (TraceId, SpanId) NOT IN (SELECT TraceId, SpanId FROM echoes)
"""

FUNCTIONS: Final = f"""
CREATE TEMPORARY TABLE functions AS
WITH called AS (
    SELECT
        Function, argMax(Origin, Start) AS Origin,
        nullif(argMax(coalesce(Agent, ''), Start), '') AS Agent,
        nullif(argMax(coalesce(Model, ''), Start), '') AS Model,
        nullif(argMax(coalesce(Commit, ''), Start), '') AS Commit, {COUNT} AS calls,
        sum(SelfMs * Weight) AS spent,
        quantile_cont(SelfMs, 0.5) AS p50, quantile_cont(SelfMs, 0.95) AS p95,
        {SPREAD} AS spread
    FROM units WHERE Function IS NOT NULL GROUP BY Function
),
failed AS (
    SELECT
        Function, argMax(Origin, Time) AS Origin,
        nullif(argMax(coalesce(Agent, ''), Time), '') AS Agent,
        nullif(argMax(coalesce(Model, ''), Time), '') AS Model,
        nullif(argMax(coalesce(Commit, ''), Time), '') AS Commit, {COUNT} AS errors
    FROM errors WHERE Function IS NOT NULL GROUP BY Function
)
SELECT
    coalesce(called.Function, failed.Function) AS Function,
    coalesce(called.Origin, failed.Origin) AS Origin,
    CASE WHEN calls IS NULL THEN failed.Agent ELSE called.Agent END AS Agent,
    CASE WHEN calls IS NULL THEN failed.Model ELSE called.Model END AS Model,
    CASE WHEN calls IS NULL THEN failed.Commit ELSE called.Commit END AS Commit,
    coalesce(calls, 0) AS calls, coalesce(errors, 0) AS errors, spent / 1e3 AS spent, p50, p95,
    coalesce(spread, 1) AS spread
FROM called FULL JOIN failed ON called.Function = failed.Function
"""

PREPARE: Final = (
    *(SPANS, ENTRIES, LONE, TANGLED, RANKS, UNITS),
    *(TOUCHED, RECORDED, ABOVE, ECHOED, EXCEPTIONS, ERRORS, FUNCTIONS),
    *(LOCATED, NEAR, PLACED),
)
"""What to run, in this order, in a session of one's own; SPANS wants *since*, in nanoseconds."""
