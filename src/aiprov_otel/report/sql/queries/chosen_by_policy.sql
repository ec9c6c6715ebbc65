SELECT count(*) FROM spans WHERE nullif(SpanAttributes['{{ policy }}'], '') IS NOT NULL
