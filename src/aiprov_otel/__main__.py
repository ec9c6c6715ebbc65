"""`python -m aiprov_otel` is the command `aiprov`."""

from aiprov_otel.cli.main import entry

entry()
