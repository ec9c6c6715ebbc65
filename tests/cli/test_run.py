"""`aiprov run -- CMD` runs a command and reports on that run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from aiprov_otel.telemetry.store import Store
from support.command import AIPROV, aiprov, environment, start
from support.telemetry import Service

APP = """
import sys
from opentelemetry import trace

tracer = trace.get_tracer("app")
with tracer.start_as_current_span("total", attributes={"aiprov.origin": "ai"}):
    print("hello", *sys.argv[1:])
"""


@pytest.fixture
def app(repo):
    """A repository with a program that makes one span."""
    repo.commit("app.py", APP)
    return repo.path


def spans(path):
    with Store.read(path / ".aiprov" / "telemetry.duckdb") as store:
        return store.query("SELECT SpanName, ServiceName FROM otel_traces")


def test_a_command_is_run_and_reported(app):
    """Its output is its own, its spans are stored under the folder's name, the report follows."""
    done = aiprov("run", "--", sys.executable, "app.py", "--json", "a b", cwd=app)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "hello --json a b\n"
    assert "built .aiprov/aiprov.manifest: the origin of 7 lines" in done.stderr
    assert "By origin" in done.stderr
    assert spans(app) == [("total", "repo")]
    assert {file.name for file in (app / ".aiprov").iterdir()} == {
        ".gitignore",
        "aiprov.manifest",
        "blame.cache",
        "telemetry.duckdb",
    }


def test_the_report_is_about_this_run_only(app):
    """The store keeps every run; the report speaks of the last."""
    for _ in range(2):
        done = aiprov("run", "--", sys.executable, "app.py", cwd=app)

    assert len(spans(app)) == 2
    assert "1 span, 1 call" in done.stderr


@pytest.mark.parametrize(
    ("code", "status"),
    [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_the_status_is_the_commands(app, code, status):
    """What the command ends with is what `aiprov run` ends with; without traces it says why."""
    done = aiprov("run", "--", sys.executable, "-c", code, cwd=app)

    assert done.returncode == status
    assert "no traces arrived" in done.stderr


def test_a_manifest_that_is_named_is_used(app):
    """`AIPROV_MANIFEST` is handed on, and nothing is built."""
    aiprov("build", "--output", "mine.manifest", cwd=app)
    code = "import os; print(os.environ['AIPROV_MANIFEST'])"

    done = aiprov("run", "--", sys.executable, "-c", code, cwd=app, AIPROV_MANIFEST="mine.manifest")

    assert done.stdout == f"{app / 'mine.manifest'}\n"
    assert not (app / ".aiprov" / "aiprov.manifest").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no command to run"),
        (("--",), "no command to run"),
        (("--", "no-such-program"), "command not found: no-such-program"),
    ],
)
def test_a_command_that_is_not_there_is_one_line(app, words, said):
    """Wrong use is status 2, and one line with the form."""
    done = aiprov("run", *words, cwd=app)

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_command_that_the_system_refuses_is_one_line(app):
    """A file without a first line that names its interpreter: 126, as a shell says it."""
    program = app / "broken"
    program.write_bytes(b"\x00\x01\x02")
    program.chmod(0o755)

    done = aiprov("run", "--", "./broken", cwd=app)

    assert done.returncode == 126
    assert "can't start" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_python_that_lacks_us_is_named(app):
    """A command of another environment is told what to install there."""
    other = app / "bin" / "python3"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)

    done = aiprov("run", "--", "bin/python3", "app.py", cwd=app)

    assert done.returncode == 2
    assert "bin/python3 -m pip install 'aiprov-otel[local]'" in done.stderr


def test_outside_a_repository_it_says_so(tmp_path):
    """Without a history there is no manifest: one line, and CMD does not run."""
    done = aiprov(
        "run", "--", sys.executable, "-c", "print('ran')", cwd=tmp_path,
        GIT_CEILING_DIRECTORIES=str(tmp_path.parent),
    )  # fmt: skip

    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


WAITING = """
import os, signal, sys, time
from opentelemetry import trace

def end(number, frame):
    os.write(1, b"told %d\\n" % number)  # print() may be what was interrupted
    sys.exit(number)

signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
with trace.get_tracer("app").start_as_current_span("total", attributes={"aiprov.origin": "ai"}):
    pass
print("ready", flush=True)
time.sleep(60)
"""


def test_sigterm_is_passed_on(repo):
    """A supervisor's request to end reaches the command, and the report follows."""
    repo.commit("app.py", WAITING)
    with start("run", "--", sys.executable, "app.py", cwd=repo.path) as process:
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        output, said = process.communicate(timeout=30)

    assert (output, process.returncode) == ("told 15\n", 15)
    assert "By origin" in said


def test_ctrl_c_ends_the_command_and_the_report_follows(repo):
    """The terminal signals both; the command gets it once and finishes, then we report."""
    repo.commit("app.py", WAITING)
    with start_in_group("run", "--", sys.executable, "app.py", cwd=repo.path) as process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        output, said = process.communicate(timeout=30)

    assert (output, process.returncode) == ("told 2\n", 2)
    assert "By origin" in said
    assert "Traceback" not in said


STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, _: os.write(1, b"told %d\\n" % number))
print("ready", flush=True)
while True:
    time.sleep(60)
"""


@pytest.mark.parametrize(("number", "times"), [(signal.SIGTERM, 2), (signal.SIGINT, 3)])
def test_a_command_that_ignores_signals_is_killed(repo, number, times):
    """A second SIGTERM ends it, and a third Ctrl-C: the first ones are its own to handle."""
    repo.commit("app.py", STUBBORN)
    with start_in_group("run", "--", sys.executable, "app.py", cwd=repo.path) as process:
        assert process.stdout.readline() == "ready\n"
        for _ in range(times - 1):
            (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
            assert process.stdout.readline() == f"told {number}\n"
        os.kill(process.pid, number)
        process.communicate(timeout=60)

    assert process.returncode == 137


def start_in_group(*words, cwd):
    """The command in a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        [*AIPROV, *words],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_the_users_own_settings_stay(app):
    """What the environment says of the service stays; the traces come here all the same."""
    done = aiprov(
        "run", "--", sys.executable, "app.py", cwd=app,
        OTEL_SERVICE_NAME="checkout",
        OTEL_TRACES_EXPORTER="none",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="grpc",
        HTTP_PROXY="http://127.0.0.1:1",
    )  # fmt: skip

    assert done.returncode == 0
    assert spans(app) == [("total", "checkout")]


def test_ctrl_c_before_any_trace(repo):
    """Nobody is told how to get traces who did not wait for them."""
    repo.commit("app.py", "import time\nprint('ready', flush=True)\ntime.sleep(60)\n")
    with start_in_group("run", "--", sys.executable, "app.py", cwd=repo.path) as process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=30)[1]

    assert process.returncode == 130
    assert "aiprov: interrupted before any trace arrived; nothing to report\n" in said
    assert "no traces arrived" not in said


def test_what_is_too_old_goes_before_a_run(app):
    """The store does not grow for ever: traces of more than thirty days go."""
    service = Service()
    service.span("old", at=-3e11)  # ten years
    (app / ".aiprov").mkdir()
    with Store.open(app / ".aiprov" / "telemetry.duckdb") as store:
        service.send(store)

    aiprov("run", "--", sys.executable, "app.py", cwd=app)

    assert [name for name, _ in spans(app)] == ["total"]
