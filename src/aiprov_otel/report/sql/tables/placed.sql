{# Where the function has no span in that trace, as one that fails before its first outgoing call, the error
   goes to the version that ran on the same route at that time. Errors of functions without any span have
   no exposure, and no place. #}
{% from 'macros.sql' import unit_columns, unit_columns_of with context %}
CREATE TEMPORARY TABLE placed AS
WITH far AS (
    SELECT Number, ServiceName, Route, Function, Time, Type, Weight FROM located
    WHERE Number NOT IN (SELECT Number FROM near)
),
versions AS (
    SELECT {{ unit_columns() }}, min(Start) AS First FROM units
    WHERE (ServiceName, Route, Function) IN (SELECT ServiceName, Route, Function FROM far)
    GROUP BY {{ unit_columns() }}
),
told AS (
    SELECT {{ unit_columns_of('versions') }}, Time, Type, Weight, Number
    FROM far
    JOIN versions
        ON versions.ServiceName = far.ServiceName AND versions.Route = far.Route
        AND versions.Function = far.Function
    QUALIFY row_number() OVER (PARTITION BY Number ORDER BY First <= Time DESC, First DESC) = 1
)
SELECT {{ unit_columns() }}, Time, Type, Weight FROM near
UNION ALL
SELECT {{ unit_columns() }}, Time, Type, Weight FROM told
