-- Exceptions with the line that raised them, each as often as spans recorded it.
--   clickhouse-client --database otel --queries-file clickhouse/views/otel_aiprov_exceptions.sql
-- It holds what is inserted from then on. Of a message only the hash is kept, to tell two apart.
CREATE TABLE IF NOT EXISTS otel_aiprov_exceptions (
    Timestamp DateTime64(9),
    ServiceName LowCardinality(String),
    TraceId String,
    Type LowCardinality(String),
    MessageHash UInt64,
    Origin LowCardinality(String),
    Agent LowCardinality(String),
    Model LowCardinality(String),
    Commit String,
    Function String,
    Line String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Timestamp)
ORDER BY (ServiceName, Commit, Timestamp)
TTL toDateTime(Timestamp) + INTERVAL 1 YEAR;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_aiprov_exceptions_view TO otel_aiprov_exceptions AS
SELECT
    at AS Timestamp,
    ServiceName,
    TraceId,
    said['exception.type'] AS Type,
    sipHash64(said['exception.message']) AS MessageHash,
    said['aiprov.exception.origin'] AS Origin,
    said['aiprov.exception.agent.name'] AS Agent,
    said['aiprov.exception.model.name'] AS Model,
    said['aiprov.exception.commit.id'] AS Commit,
    said['code.function.name'] AS Function,
    concat(said['aiprov.file.path'], ':', said['code.line.number']) AS Line
FROM otel_traces
ARRAY JOIN Events.Timestamp AS at, Events.Name AS name, Events.Attributes AS said
WHERE name = 'exception' AND Origin != '' AND said['aiprov.exception.repeated'] != 'true';
