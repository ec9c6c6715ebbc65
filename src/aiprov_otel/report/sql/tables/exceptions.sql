{# Each exception once, and whether a span that recorded it has failed. #}
CREATE TEMPORARY TABLE exceptions AS
SELECT
    Number, TraceId, SpanId, Weight, Time, Type, Origin, Agent, Model, Commit, Function, Path, Line,
    Stacktrace, Failed OR Number IN (SELECT Number FROM echoed WHERE Failed) AS Failed
FROM recorded
WHERE Number NOT IN (SELECT Again FROM echoed)
