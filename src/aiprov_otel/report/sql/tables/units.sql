{# A unit is one call of a function, by spans with `aiprov.origin`. A function is counted by its own spans
   (`function`) if it has some, else by the requests that it served (`handler`), else as a `caller`, so no
   call counts twice. How often a caller was called is not known: what it called from within one span is
   one call of it, however many statements or requests those were. Spans of ASGI messages are not calls.
   The self time of a unit is its duration without the union of its direct children's intervals, each
   clipped to the unit. #}
{% from 'macros.sql' import route, join_routes with context %}
CREATE TEMPORARY TABLE units AS
WITH children AS (
    SELECT
        unit.TraceId AS TraceId, unit.SpanId AS SpanId, unit.Start AS Began,
        greatest(child.Start, unit.Start) AS Start,
        least(child.Finish, unit.Finish) AS Finish
    FROM spans AS child
    JOIN spans AS unit ON child.TraceId = unit.TraceId AND child.ParentSpanId = unit.SpanId
    WHERE unit.Origin IS NOT NULL AND child.SpanId <> unit.SpanId
),
covered AS (
    SELECT
        TraceId, SpanId, Began,
        Finish - greatest(Start, coalesce(max(Finish) OVER (
            PARTITION BY TraceId, SpanId, Began ORDER BY Start, Finish
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), Start)) AS Ns
    FROM children
    WHERE Finish > Start
),
waiting AS (
    SELECT TraceId, SpanId, Began, sum(greatest(Ns, 0)) AS Ns FROM covered
    GROUP BY TraceId, SpanId, Began
),
each AS (
SELECT
    spans.TraceId AS TraceId, spans.ServiceName AS ServiceName,
    CASE WHEN spans.Rank = 3 THEN spans.ParentSpanId ELSE spans.SpanId END AS Place,
    {{ route('spans') }} AS Route,
    CASE spans.Rank WHEN 1 THEN 'function' WHEN 2 THEN 'handler' ELSE 'caller' END AS Kind,
    Origin, Agent, Model, Commit, spans.Function AS Function,
    coalesce(spans.Function, SpanName) AS Name, Start,
    Path, Line, Committed, Strength, Match,
    Duration / 1e6 AS Ms, Weight,
    (Duration - coalesce(waiting.Ns, 0)) / 1e6 AS SelfMs
FROM spans
LEFT JOIN waiting ON waiting.TraceId = spans.TraceId AND waiting.SpanId = spans.SpanId
    AND waiting.Began = spans.Start
{{ join_routes('spans') }}
LEFT JOIN function_ranks
    ON function_ranks.ServiceName = spans.ServiceName AND function_ranks.Function = spans.Function
WHERE Origin IS NOT NULL AND spans.AsgiEvent IS NULL
    AND spans.Rank = coalesce(function_ranks.Rank, spans.Rank)
)
SELECT
    TraceId, ServiceName, Route, Kind, Origin, Agent, Model, Commit, Function, Name, min(Start) AS Start,
    min(Path) AS Path, min(Line) AS Line, Committed, Strength, Match, sum(Ms) AS Ms, max(Weight) AS Weight, sum(SelfMs) AS SelfMs
FROM each
GROUP BY
    TraceId, Place, ServiceName, Route, Kind, Origin, Agent, Model, Commit, Function, Name, Committed,
    Strength, Match
