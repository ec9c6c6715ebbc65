"""Generates the dashboards and alerts that are shipped in `aiprov_otel/backends/data`."""
