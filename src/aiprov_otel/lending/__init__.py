"""Packages that `aiprov run` lends to the command: OpenTelemetry, its instrumentations and ours."""
