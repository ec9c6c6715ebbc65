"""`python -m aiprov_otel` is the command `aiprov`."""

from aiprov_otel.cli.entry import entry

entry()
