"""Printed stack traces: found in a text, parsed, and annotated with who wrote each line."""
