{# The errors with the unit whose own line raised them: the span of the same function in the same trace and
   service that began last before the error. #}
{% from 'macros.sql' import unit_columns_of, unit_order with context %}
CREATE TEMPORARY TABLE unit_errors AS
SELECT {{ unit_columns_of('units') }}, Time, Type, located_errors.Weight AS Weight, Number
FROM located_errors
JOIN units
    ON units.TraceId = located_errors.TraceId AND units.ServiceName = located_errors.ServiceName
    AND units.Function = located_errors.Function
QUALIFY row_number() OVER (
    PARTITION BY Number ORDER BY units.Start <= Time DESC, units.Start DESC, {{ unit_order('units') }}
) = 1
