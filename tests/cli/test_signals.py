"""Signals, in real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.waiting import PATIENCE

BOUNDARY = """
import os, signal, sys
from aiprov_otel.cli import main
def verb(arguments):
    {body}
main._verb = verb
sys.exit(main.main())
"""
TURNED = """
    try:
        os.kill(os.getpid(), signal.{name})
        signal.pause()
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted") from None
"""
IN_EXEC = """
    exec("os.kill(os.getpid(), signal.{name}); signal.pause()")
"""
SWALLOWED = """
    try:
        os.kill(os.getpid(), signal.{name})
        signal.pause()
    except KeyboardInterrupt:
        pass
    signal.pause()
"""
IN_A_DESTRUCTOR = """
    class Closing:
        def __del__(self):
            os.kill(os.getpid(), signal.{name})
            signal.pause()
    Closing()
    signal.pause()
"""
GROUPED = """
    import anyio
    async def connect():
        async with anyio.create_task_group():
            os.kill(os.getpid(), signal.{name})
            signal.pause()
    anyio.run(connect)
"""


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("body", [TURNED, IN_EXEC, SWALLOWED, IN_A_DESTRUCTOR, GROUPED])
def test_a_signal_ends_a_verb_whatever_a_library_makes_of_it(body, name, status):
    """
    The exit status is the signal's and there is one line, even where the exception got lost.
    """
    script = BOUNDARY.format(body=body.strip().format(name=name))
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr == "aiprov: interrupted; nothing is half-written\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_under_the_output_is_one_line():
    """
    Where what is printed can't be written, one line says why, and there is no traceback.
    """
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "aiprov_otel", "stats", "--help"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        verb = BOUNDARY.format(body="print('x'); sys.stdout.flush(); return 0")
        said = subprocess.run(
            [sys.executable, "-c", verb],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert "Traceback" not in done.stderr
    assert (said.returncode, said.stderr) == (
        2,
        "aiprov: No space left on device; fix that and try again\n",
    )


def test_closed_streams_are_no_bug():
    """
    With its streams closed, as some supervisors start it, a verb does what it can.
    """
    line = f"{sys.executable} -m aiprov_otel explain nowhere.py:1 <&- >&- 2>&-"

    assert subprocess.run(["sh", "-c", line], check=False).returncode == 2
