"""A signal ends a process soon, whatever its main thread is doing."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from support.command import Started, start

STUCK = {
    "in a call that no handler interrupts": """
print("ready", flush=True)
hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
""",
    "on a lock": """
print("ready", flush=True)
threading.Event().wait()
""",
    "in code that swallows what the handler raises": """
while True:
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        print("ready", flush=True)
        time.sleep(60)
    except BaseException:
        pass
""",
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("body", STUCK.values(), ids=STUCK)
def test_a_signal_ends_a_process_whose_main_thread_is_stuck(body, number):
    """
    Within two seconds, by a thread of its own, with the status of the signal.
    """
    script = (
        "import hashlib, signal, sys, threading, time\n"
        "from aiprov_otel.cli import signals\n"
        "for number in (signal.SIGINT, signal.SIGTERM):\n"
        "    signal.signal(number, lambda *_: None)\n"
        "with signals.ends_soon():\n"
        f"{textwrap.indent(body.strip(), '    ')}\n"
    )
    with Started([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(60) == 128 + number


def test_what_ends_in_time_is_left_alone():
    """
    A block that a signal ended goes on with its own status; a suspended one is not ended at all.
    """
    script = """
import os, signal, time
from aiprov_otel.cli import signals
signal.signal(signal.SIGTERM, lambda *_: None)
with signals.ends_soon(0.2):
    os.kill(os.getpid(), signal.SIGTERM)
with signals.ends_soon(0.2), signals.ends_later():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.5)
raise SystemExit(7)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_client_that_sends_no_end_keeps_nothing_alive(tmp_path, number):
    """Half a request, an idle connection: a signal ends it all the same."""
    with start("serve", "--port", "0", cwd=tmp_path) as process:
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)", process.stderr.readline())[1])
        half = socket.create_connection(("127.0.0.1", port))
        half.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n")
        with half, socket.create_connection(("127.0.0.1", port)):
            process.send_signal(number)
            assert process.wait(60) == 128 + number
