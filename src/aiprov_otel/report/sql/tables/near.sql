{# An error belongs to the unit whose own line raised it: a span of the same function in the same trace and
   service, the last that began before it. #}
{% from 'macros.sql' import unit_columns_of with context %}
CREATE TEMPORARY TABLE near AS
SELECT {{ unit_columns_of('units') }}, Time, Type, located.Weight AS Weight, Number
FROM located
JOIN units
    ON units.TraceId = located.TraceId AND units.ServiceName = located.ServiceName
    AND units.Function = located.Function
QUALIFY row_number() OVER (
    PARTITION BY Number ORDER BY units.Start <= Time DESC, units.Start DESC
) = 1
