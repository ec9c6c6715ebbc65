"""The command `aiprov`; the hooks of agents call it at each edit, and load only what they need."""

from __future__ import annotations

import atexit
import gc
import sys
from typing import NoReturn


def entry() -> NoReturn:
    """Runs a verb."""
    atexit.register(gc.freeze)  # what is left at the end goes with the process, uncollected
    if sys.argv[1:2] == ["record"] and not {"-h", "--help"}.intersection(sys.argv):
        from aiprov_otel.capture.record import main as record

        sys.exit(record(sys.argv[2:]))
    from aiprov_otel.cli.main import entry as others

    others()
