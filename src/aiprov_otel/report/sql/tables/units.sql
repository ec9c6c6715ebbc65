{# A unit is one call of a function, by spans with `aiprov.origin`. A function is counted by its own spans
   (`function`) if it has some, else by the requests that it served (`handler`), else as a `caller`, so no
   call counts twice. How often a caller was called is not known: what it called from within one span is
   one call of it, however many statements or requests those were. Spans of ASGI messages are not calls.
   The self time of a unit is its duration without the union of its direct children's intervals, each
   clipped to the unit. #}
{% from 'macros.sql' import route, join_routes with context %}
CREATE TEMPORARY TABLE units AS
WITH calls AS (
    SELECT
        spans.TraceId AS TraceId, spans.SpanId AS SpanId, spans.ServiceName AS ServiceName,
        CASE WHEN spans.Rank = 3 THEN spans.ParentSpanId ELSE spans.SpanId END AS Place,
        SpanName, Start, Finish, Path, Line, Duration, Weight, Version
    FROM spans
    JOIN unit_versions
        ON unit_versions.ServiceName = spans.ServiceName AND unit_versions.Rank = spans.Rank
        AND unit_versions.Origin = spans.Origin
        AND unit_versions.Name = coalesce(spans.Function, spans.SpanName)
        {% for name in ['Agent', 'Model', 'Commit', 'Function', 'Committed', 'Strength', 'Match'] %}
        AND unit_versions.{{ name }} IS NOT DISTINCT FROM spans.{{ name }}
        {% endfor %}
    WHERE spans.AsgiEvent IS NULL
),
children AS (
    SELECT
        unit.TraceId AS TraceId, unit.SpanId AS SpanId, unit.Start AS Began,
        greatest(child.Start, unit.Start) AS Start,
        least(child.Finish, unit.Finish) AS Finish
    FROM spans AS child
    JOIN calls AS unit ON child.TraceId = unit.TraceId AND child.ParentSpanId = unit.SpanId
    WHERE child.SpanId <> unit.SpanId
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
        calls.TraceId AS TraceId, Place, {{ route('calls') }} AS Route, Version, Start, Path, Line,
        Duration / 1e6 AS Ms, Weight, (Duration - coalesce(waiting.Ns, 0)) / 1e6 AS SelfMs
    FROM calls
    LEFT JOIN waiting ON waiting.TraceId = calls.TraceId AND waiting.SpanId = calls.SpanId
        AND waiting.Began = calls.Start
    {{ join_routes('calls') }}
),
merged AS (
    SELECT
        TraceId, Route, Version, min(Start) AS Start, min(Path) AS Path, min(Line) AS Line,
        sum(Ms) AS Ms, max(Weight) AS Weight, sum(SelfMs) AS SelfMs
    FROM each
    GROUP BY TraceId, Place, Route, Version
)
SELECT
    TraceId, ServiceName, Route, Kind, Origin, Agent, Model, Commit, Function, Name, Start, Path, Line,
    Committed, Strength, Match, Ms, Weight, SelfMs
FROM merged
JOIN unit_versions ON unit_versions.Version = merged.Version
