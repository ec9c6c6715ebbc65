-- Spans by code origin, an hour a row: what dashboards ask over months, and after otel_traces has
-- forgotten the spans. Into the database that has otel_traces:
--   clickhouse-client --database otel --queries-file clickhouse/views/otel_aiprov_hours.sql
-- It holds what is inserted from then on, a span that a retry wrote twice as two.
CREATE TABLE IF NOT EXISTS otel_aiprov_hours (
    Hour DateTime,
    ServiceName LowCardinality(String),
    Request Bool,
    Unit LowCardinality(String),
    Origin LowCardinality(String),
    RaisedBy LowCardinality(String),
    Model LowCardinality(String),
    Function String,
    Commit String,
    Match LowCardinality(String),
    Evidence LowCardinality(String),
    Calls SimpleAggregateFunction(sum, UInt64),
    Failed SimpleAggregateFunction(sum, UInt64),
    First SimpleAggregateFunction(min, DateTime64(9)),
    Newest SimpleAggregateFunction(max, DateTime64(9)),
    Trace AggregateFunction(argMax, String, DateTime64(9))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Hour)
ORDER BY (
    ServiceName, Hour, Request, Unit, Origin, RaisedBy, Model, Function, Commit, Match, Evidence
)
TTL Hour + INTERVAL 1 YEAR;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_aiprov_hours_view TO otel_aiprov_hours AS
WITH
    StatusCode = 'Error'
        AND SpanAttributes['aiprov.error.outcome'] NOT IN ('handled', 'expected') AS Failing
SELECT
    toStartOfHour(Timestamp) AS Hour,
    ServiceName,
    SpanKind IN ('Server', 'Consumer') AS Request,
    SpanAttributes['aiprov.unit'] AS Unit,
    SpanAttributes['aiprov.origin'] AS Origin,
    multiIf(
        NOT Failing, '',
        SpanAttributes['aiprov.error.origin'] != '', SpanAttributes['aiprov.error.origin'],
        SpanAttributes['aiprov.origin'] != '', SpanAttributes['aiprov.origin'],
        'unknown'
    ) AS RaisedBy,
    SpanAttributes['aiprov.model.name'] AS Model,
    SpanAttributes['code.function.name'] AS Function,
    SpanAttributes['aiprov.commit.id'] AS Commit,
    SpanAttributes['aiprov.match'] AS Match,
    SpanAttributes['aiprov.evidence.kind'] AS Evidence,
    count() AS Calls,
    countIf(Failing) AS Failed,
    min(Timestamp) AS First,
    max(Timestamp) AS Newest,
    argMaxState(TraceId, Timestamp) AS Trace
FROM otel_traces
WHERE Request OR Origin != ''
GROUP BY
    Hour, ServiceName, Request, Unit, Origin, RaisedBy, Model, Function, Commit, Match, Evidence;
