"""The OTLP/HTTP receiver: stores traces, answers once they are stored, and shows the report."""
