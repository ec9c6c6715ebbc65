from __future__ import annotations

import signal
import subprocess
import sys

from aiprov_otel.demo.shop import folder_beside
from support.command import UNMEASURED, environment
from support.waiting import until

# In a process of its own: a signal may come while pytest or the interpreter does something else.
IMPATIENT = """
import signal, sys
from pathlib import Path
from aiprov_otel.demo.shop import folder_beside

left = 5

def interrupt(*_):
    global left
    left -= 1
    if left <= 0:
        signal.setitimer(signal.ITIMER_REAL, 0)
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
with folder_beside(Path(sys.argv[1])) as folder:
    for number in range(3_000):
        (folder / str(number)).touch()
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    signal.pause()
"""


def test_a_folder_that_is_gone_at_the_end(tmp_path):
    """
    It is next to the target, so that what is in it can be moved there, and leaves nothing behind.
    """
    with folder_beside(tmp_path / "shop") as folder:
        (folder / "made").mkdir()
        (folder / "made").rename(tmp_path / "shop")

    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_signals_while_it_is_removed(tmp_path):
    """
    Whoever is impatient and interrupts again and again leaves nothing behind either.
    """
    interrupted = subprocess.run(
        [sys.executable, "-c", IMPATIENT, str(tmp_path / "shop")],
        env=environment(**UNMEASURED),
        stderr=subprocess.PIPE,
        text=True,
    )

    assert interrupted.returncode == -signal.SIGINT, interrupted.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_still_writes(tmp_path):
    """
    What somebody writes while it is removed is removed too.
    """
    loop = (
        "import time\n"
        "for n in range(10_000):\n"
        "    open(f'made/{n}', 'w').close()\n"
        "    time.sleep(0.001)\n"
    )
    with folder_beside(tmp_path / "shop") as folder:
        (folder / "made").mkdir()
        writing = subprocess.Popen([sys.executable, "-c", loop], cwd=folder, stderr=subprocess.PIPE)
        until(lambda: len(list((folder / "made").iterdir())) >= 100, "it writes")
    writing.communicate()

    assert writing.returncode == 1
    assert list(tmp_path.iterdir()) == []
