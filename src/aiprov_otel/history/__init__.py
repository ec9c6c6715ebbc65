"""Attributes each line to its author from git; needs git, and does not use OpenTelemetry."""
