"""`aiprov demo`, from end to end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest

from support.waiting import PATIENCE, until

DEMO = (sys.executable, "-m", "aiprov_otel", "demo")


class Shown(NamedTuple):
    """A demo that ran to its end: its folder, its status, what it printed, what it left."""

    folder: Path
    status: int
    told: str
    complaint: str
    left: bool


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """One demo, for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("demo")
    with starting(folder) as demo:
        process = demo("--dir", "here", "--requests", "300")
        told, complaint = process.communicate(timeout=PATIENCE)
        return Shown(folder / "here", process.returncode, told, complaint, left_of(process))


@pytest.fixture
def demo(tmp_path):
    """Start the demo in a group of its own; whatever is left of it at the end is ended."""
    with starting(tmp_path) as demo:
        yield demo


@contextmanager
def starting(folder):
    """Starts demos in *folder*, and ends whatever is left of them."""
    started = []

    def demo(*arguments):
        process = subprocess.Popen(
            [*DEMO, *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    try:
        yield demo
    finally:
        for process in started:
            if left_of(process):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def left_of(process):
    """Whether a process of its group is still there."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def line_with(process, text):
    """Read until a line holds *text*."""
    for line in process.stdout:
        if text in line:
            return line
    pytest.fail(f"the demo ended without saying {text!r}: {process.stderr.read()}")


def test_it_ends_with_a_table_a_failure_and_what_to_do_next(shown):
    """
    One command shows the table, an annotated stack trace, and commands that work.
    """
    told = shown.told
    assert shown.status == 0, shown.complaint
    assert shown.complaint == ""
    assert not shown.left
    for origin in ("ai", "human", "unknown"):
        assert re.search(rf"^{origin} +\d", told, re.MULTILINE)
    assert re.search(r"^ai +claude-code +claude-sonnet-4-5 ", told, re.MULTILINE)
    assert re.search(r'File ".*/src/shop/\w+\.py", line \d+, in \w+ .*(ai|human|mixed)', told)
    assert (shown.folder / ".aiprov" / "telemetry.duckdb").exists()

    commands = told.partition("What to run next\n")[2].splitlines()
    assert commands[0].strip() == "cd here"
    for command in commands[1:-1]:  # the last one serves until it is interrupted
        subprocess.run(command, shell=True, cwd=shown.folder, check=True)


def test_both_sides_fail_and_nothing_of_it_is_lost(shown):
    """
    Errors are those that the lines of both origins raised, each with the line it came from.
    """
    found = subprocess.check_output(
        [sys.executable, "-m", "aiprov_otel", "report", "--json"], cwd=shown.folder, text=True
    )

    assert re.search(r'"origin": "ai",\s+"agent": "claude-code"', found)
    for origin in ("ai", "human"):
        assert re.search(rf'"type": "\w+Error",\s+"origin": "{origin}"', found)


@pytest.mark.matrix
@pytest.mark.parametrize("moment", ["a small shop", "the shop runs at"])
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"]
)
def test_a_signal_ends_everything(demo, tmp_path, moment, number, status):
    """
    SIGINT and SIGTERM leave no process, no traceback, and the exit status that a shell expects.
    """
    process = demo("--requests", "5000")
    line = line_with(process, moment)
    port = re.search(r"127\.0\.0\.1:(\d+)", line)
    if port:
        urlopen(f"http://127.0.0.1:{port[1]}/catalog").close()  # between the requests of the load
    else:
        until((tmp_path / "aiprov-demo" / ".aiprov" / "service.log").exists, "the shop starts")
    process.send_signal(number)
    _, complaint = process.communicate(timeout=PATIENCE)

    assert process.returncode == status
    assert "Traceback" not in complaint
    assert not left_of(process)
    if port:
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", int(port[1])))


def test_a_folder_with_something_else_is_left_alone(demo, tmp_path):
    """
    Where the demo may not write, it says so in one line and does nothing.
    """
    (tmp_path / "aiprov-demo").mkdir()
    (tmp_path / "aiprov-demo" / "thesis.txt").write_text("mine")
    process = demo()
    told, complaint = process.communicate(timeout=PATIENCE)

    assert process.returncode == 2
    assert told == ""
    assert complaint.count("\n") == 1
    assert "name another folder with --dir" in complaint


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_of_requests_is_1_or_more(demo, number):
    """
    Nonsense for a number is wrong use.
    """
    process = demo("--requests", number)
    _, complaint = process.communicate(timeout=PATIENCE)

    assert process.returncode == 2
    assert "use 1 or more" in complaint


def test_a_missing_extra_is_said_with_the_command_that_installs_it(tmp_path):
    """
    Without the extra there is one line to copy, and no folder.
    """
    without = (
        "import sys; sys.modules['fastapi'] = None; "
        "from aiprov_otel.cli.main import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", without], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr == (
        "aiprov: fastapi is missing; install it with `pip install 'aiprov-otel[demo]'`\n"
    )
    assert not list(tmp_path.iterdir())
