{# The exceptions that a *service* recorded before the time *before*, in any run. A line moves when others
   above it change, so that it is known by its function and its commit. #}
{% from 'macros.sql' import event with context %}
WITH places AS (
    SELECT
        "Events.Name", "Events.Attributes", arrayJoin(range(1, length("Events.Name") + 1)) AS Place
    FROM otel_traces
    WHERE Timestamp >= fromUnixTimestamp64Nano({{ since }}) AND Timestamp < fromUnixTimestamp64Nano({{ before }})
        AND ServiceName = $service AND has("Events.Name", 'exception')
),
events AS (
    SELECT "Events.Attributes"[Place] AS Event FROM places WHERE "Events.Name"[Place] = 'exception'
)
SELECT DISTINCT
    coalesce(Event['exception.type'], '') AS Type,
    {{ event(keys.CODE_FUNCTION_NAME) }} AS Function,
    coalesce({{ event(keys.FILE_PATH) }}, {{ event(keys.CODE_FILE_PATH) }}) AS Path,
    {{ event(keys.EXCEPTION_COMMIT_ID) }} AS Commit
FROM events
LIMIT 100000
