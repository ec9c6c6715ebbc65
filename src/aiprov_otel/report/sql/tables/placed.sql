{# The errors with the version of the function that raised them. If the function has no span in the trace,
   as when it fails before its first outgoing call, it is the version that ran on the same route at that
   time. Errors of functions without any span have no exposure, and are left out. #}
{% from 'macros.sql' import unit_columns, unit_columns_of, unit_order with context %}
CREATE TEMPORARY TABLE placed AS
WITH spanless AS (
    SELECT Number, ServiceName, Route, Function, Time, Type, Weight FROM located_errors
    WHERE Number NOT IN (SELECT Number FROM unit_errors)
),
versions AS (
    SELECT {{ unit_columns() }}, min(Start) AS First FROM units
    WHERE (ServiceName, Route, Function) IN (SELECT ServiceName, Route, Function FROM spanless)
    GROUP BY {{ unit_columns() }}
),
matched AS (
    SELECT {{ unit_columns_of('versions') }}, Time, Type, Weight, Number
    FROM spanless
    JOIN versions
        ON versions.ServiceName = spanless.ServiceName AND versions.Route = spanless.Route
        AND versions.Function = spanless.Function
    QUALIFY row_number() OVER (
        PARTITION BY Number ORDER BY First <= Time DESC, First DESC, {{ unit_order('versions') }}
    ) = 1
)
SELECT {{ unit_columns() }}, Time, Type, Weight FROM unit_errors
UNION ALL
SELECT {{ unit_columns() }}, Time, Type, Weight FROM matched
