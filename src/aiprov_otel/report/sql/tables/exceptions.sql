{# Each exception once, and whether a span that recorded it has failed. #}
CREATE TEMPORARY TABLE exceptions AS
SELECT
    Number, TraceId, SpanId, Weight, Time, Type, Origin, Agent, Model, Commit, Function, Path, Line,
    Stacktrace, Failed OR Number IN (SELECT Number FROM repeats WHERE Failed) AS Failed
FROM recorded_exceptions
WHERE Number NOT IN (SELECT Repeat FROM repeats)
