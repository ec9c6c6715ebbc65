{# What all spans of one version of a function have in common, each with a number: what groups and joins
   many spans carries the number, and not a dozen columns of text. Of the kinds of unit that a function
   has, only the first is here. #}
{% set version = 'Origin, Agent, Model, Commit, Function, Name, Committed, Strength, Match' %}
CREATE TEMPORARY TABLE unit_versions AS
WITH found AS (
    SELECT DISTINCT
        ServiceName, Rank, Origin, Agent, Model, Commit, Function, coalesce(Function, SpanName) AS Name,
        Committed, Strength, Match
    FROM spans WHERE Origin IS NOT NULL AND AsgiEvent IS NULL
),
counted AS (
    SELECT ServiceName, Rank, {{ version }} FROM found
    QUALIFY Function IS NULL OR Rank = min(Rank) OVER (PARTITION BY ServiceName, Function)
)
SELECT
    row_number() OVER () AS Version, ServiceName, Rank, {{ version }},
    CASE Rank WHEN 1 THEN 'function' WHEN 2 THEN 'handler' ELSE 'caller' END AS Kind
FROM counted
