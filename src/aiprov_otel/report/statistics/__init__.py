"""How origins are compared: values in, values out; nothing here reads telemetry or the clock."""
