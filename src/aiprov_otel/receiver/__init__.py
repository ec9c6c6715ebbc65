"""OTLP over HTTP: takes traces, answers once they are stored, and shows the report."""
