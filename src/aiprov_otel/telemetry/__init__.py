"""Spans on this machine and elsewhere: decoded from OTLP, stored in a file, and queried."""
