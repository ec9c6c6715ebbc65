"""Errors and latency by code origin: counted, compared, rendered."""
