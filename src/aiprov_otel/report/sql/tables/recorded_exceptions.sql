{# The exceptions that spans recorded, once per span, in order of time. #}
{% from 'macros.sql' import event, nanoseconds with context %}
CREATE TEMPORARY TABLE recorded_exceptions AS
WITH places AS (
    SELECT
        TraceId, SpanId, Failed, Weight, Start,
        "Events.Timestamp", "Events.Name", "Events.Attributes",
        arrayJoin(range(1, length("Events.Name") + 1)) AS Place
    FROM spans
    WHERE Raising
),
events AS (
    SELECT
        TraceId, SpanId, Failed, Weight, Place,
        {{ nanoseconds('"Events.Timestamp"[Place]', 'Start') }} AS Time,
        "Events.Attributes"[Place] AS Event
    FROM places
    WHERE "Events.Name"[Place] = 'exception'
),
exceptions AS (
    SELECT
        TraceId, SpanId, Failed, Weight, Time, Place,
        Event['exception.type'] AS Type,
        Event['exception.message'] AS Message,
        {{ event(keys.EXCEPTION_ORIGIN) }} AS Origin,
        {{ event(keys.EXCEPTION_AGENT_NAME) }} AS Agent,
        {{ event(keys.EXCEPTION_MODEL_NAME) }} AS Model,
        {{ event(keys.EXCEPTION_COMMIT_ID) }} AS Commit,
        {{ event(keys.CODE_FUNCTION_NAME) }} AS Function,
        coalesce({{ event(keys.FILE_PATH) }}, {{ event(keys.CODE_FILE_PATH) }}) AS Path,
        toInt64OrNull(Event['{{ keys.CODE_LINE_NUMBER }}']) AS Line,
        {{ event('exception.stacktrace') }} AS Stacktrace,
        coalesce({{ event(keys.EXCEPTION_REPEATED) }}, '') = 'true' AS Repeated
    FROM events
)
SELECT
    TraceId, SpanId, Failed, Weight, Time,
    coalesce(Type, '') AS Type, coalesce(Message, '') AS Message,
    Origin, Agent, Model, Commit, Function, Path, Line, Stacktrace, Repeated,
    row_number() OVER (ORDER BY Time, TraceId, SpanId, Place) AS Number
FROM exceptions
QUALIFY row_number() OVER (
    PARTITION BY TraceId, SpanId, Type, Message, Path, Line, Origin, Model, Commit ORDER BY Time, Place
) = 1
