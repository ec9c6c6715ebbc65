from __future__ import annotations

import os
import pty
import select
from contextlib import redirect_stderr

import pytest

from aiprov_otel.cli.output import pace, progress


@pytest.mark.parametrize(
    ("done", "total", "seconds", "text"),
    [
        (120, 600, 3, "120/600 files, 40/s, 12 s left"),
        (1, 200, 0.5, "1/200 files, 2.0/s, 1 min 40 s left"),
        (3, 3, 10, "3/3 files, 0.3/s, 0 s left"),
    ],
)
def test_how_far_how_fast_and_how_long(done, total, seconds, text):
    """
    Whoever waits reads the files that are done, how many a second, and the time that is left.
    """
    assert pace(done, total, seconds) == text


def test_progress_is_for_terminals():
    """
    On a terminal it is one line that is gone at the end; elsewhere there is none.
    """
    assert progress("blaming") is None
    screen, program = pty.openpty()
    shown = ""
    with os.fdopen(screen), os.fdopen(program, "w") as terminal, redirect_stderr(terminal):
        tell = progress("blaming")
        while not select.select([screen], [], [], 0)[0]:
            tell(1, 3)
        tell(3, 3)
        while not shown.endswith("s left\r\x1b[K"):
            shown += os.read(screen, 999).decode()

    assert shown.startswith("\r\x1b[Kblaming 1/3 files, ")
