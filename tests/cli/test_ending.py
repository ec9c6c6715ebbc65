"""Signals, in real processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

BOUNDARY = """
import os, signal, sys, time
from aiprov_otel.cli import main
def verb(arguments):
    {body}
main._verb = verb
sys.exit(main.main())
"""
TURNED = """
    try:
        os.kill(os.getpid(), signal.{name})
        time.sleep(20)
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted") from None
"""
IN_EXEC = """
    exec("os.kill(os.getpid(), signal.{name}); time.sleep(20)")
"""
SWALLOWED = """
    try:
        os.kill(os.getpid(), signal.{name})
        time.sleep(20)
    except KeyboardInterrupt:
        pass
    time.sleep(20)
"""


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("body", [TURNED, IN_EXEC, SWALLOWED], ids=["turned", "exec", "swallowed"])
def test_a_signal_ends_a_verb_whatever_a_library_makes_of_it(body, name, status):
    """
    The exit status is the signal's and there is one line, even where the exception got lost.
    """
    script = BOUNDARY.format(body=body.strip().format(name=name))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=15, check=False
    )

    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr == "aiprov: interrupted; nothing is half-written\n"
