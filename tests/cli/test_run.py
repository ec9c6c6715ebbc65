"""`aiprov run -- CMD` runs a command and reports on that run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from aiprov_otel.telemetry.store import Store
from support.command import AIPROV, Started, aiprov, environment, invoke, start
from support.repo import Repo
from support.telemetry import Service
from support.waiting import PATIENCE, until

APP = """
import sys
from opentelemetry import trace

tracer = trace.get_tracer("app")
with tracer.start_as_current_span("total", attributes={"aiprov.origin": "ai"}):
    print("hello", *sys.argv[1:])
"""
SETTINGS = {
    "OTEL_SERVICE_NAME": "checkout",
    "OTEL_TRACES_EXPORTER": "none",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
    "HTTP_PROXY": "http://127.0.0.1:1",
}
"""What somebody's environment may say of their own service."""


@pytest.fixture
def app(repo):
    """A repository with a program that makes one span."""
    repo.commit("app.py", APP)
    return repo.path


def spans(path):
    with Store.read(path / ".aiprov" / "telemetry.duckdb") as store:
        return store.query("SELECT SpanName, ServiceName FROM otel_traces")


class Ran(NamedTuple):
    """A folder in which a command was run twice, and what came of each run."""

    folder: Path
    first: subprocess.CompletedProcess[str]
    second: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The program, run with arguments over a store of ten years ago, then with settings."""
    repo = Repo(tmp_path_factory.mktemp("ran") / "repo")
    repo.commit("app.py", APP)
    service = Service()
    service.span("old", at=-3e11)  # milliseconds
    (repo.path / ".aiprov").mkdir()
    with Store.open(repo.path / ".aiprov" / "telemetry.duckdb") as store:
        service.send(store)
    command = ("run", "--", sys.executable, "app.py")
    return Ran(
        repo.path,
        aiprov(*command, "--json", "a b", cwd=repo.path),
        aiprov(*command, cwd=repo.path, **SETTINGS),
    )


def test_a_command_is_run_and_reported(ran):
    """Its output is its own, its spans are stored under the folder's name, the report follows."""
    assert ran.first.returncode == 0, ran.first.stderr
    assert ran.first.stdout == "hello --json a b\n"
    assert "built .aiprov/aiprov.manifest: the origin of 7 lines" in ran.first.stderr
    assert "the page about this run is at http://127.0.0.1:" in ran.first.stderr
    assert "By origin" in ran.first.stderr
    assert ("total", "repo") in spans(ran.folder)
    assert {file.name for file in (ran.folder / ".aiprov").iterdir()} == {
        ".gitignore",
        "aiprov.manifest",
        "blame.cache",
        "evidence.cache",
        "telemetry.duckdb",
    }


def test_the_report_is_about_this_run_only(ran):
    """The store keeps every run; the report speaks of the last."""
    assert len(spans(ran.folder)) == 2
    assert "0 errors in 1 call" in ran.second.stderr


def test_the_users_own_settings_stay(ran):
    """What the environment says of the service stays; the traces come here all the same."""
    assert ran.second.returncode == 0, ran.second.stderr
    assert ("total", "checkout") in spans(ran.folder)


def test_spans_of_another_provider_are_reported(repo):
    """Of one that the program makes and does not set, and that ends before the program does."""
    repo.commit(
        "own.py",
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "own = TracerProvider()\n"
        "def work(tracer, name):\n"
        "    with tracer.start_as_current_span(name):\n"
        "        pass\n"
        "work(own.get_tracer('app'), 'own')\n"
        "own.shutdown()\n"
        "work(trace.get_tracer('app'), 'later')\n",
    )
    done = aiprov("run", "--", sys.executable, "own.py", cwd=repo.path)

    assert done.returncode == 0, done.stderr
    assert {name for name, _ in spans(repo.path)} == {"own", "later"}


def test_what_is_too_old_goes_before_a_run(ran):
    """The store does not grow for ever: traces of more than thirty days go."""
    assert {name for name, _ in spans(ran.folder)} == {"total"}


@pytest.mark.parametrize(
    ("code", "status", "why"),
    [
        ("raise SystemExit(7)", 7, "failed with status 7"),
        ("import os; os.kill(os.getpid(), 9)", 137, "was killed by SIGKILL"),
        ("pass", 0, "it used no framework, server, client or database"),
    ],
)
def test_the_status_is_the_commands(app, code, status, why):
    """What the command ends with is what `aiprov run` ends with; without traces it says why."""
    done = invoke("run", "--", sys.executable, "-c", code, cwd=app)

    assert done.returncode == status
    assert why in done.stderr


def test_a_package_that_was_not_imported_is_named(repo):
    """One line for what `AIPROV_PACKAGES` names in vain, also where a worker imports the rest."""
    repo.commit("shop/cart.py", "total = 1\n")  # a namespace package
    repo.commit("tool.py", "")
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import shop.cart'])"
    command = ("run", "--", sys.executable, "-c", code)

    done = aiprov(*command, cwd=repo.path, AIPROV_PACKAGES="shop,shopp,old=off", PYTHONPATH=".")
    fine = aiprov(*command, cwd=repo.path, AIPROV_PACKAGES="shop=metrics", PYTHONPATH=".")

    assert "names shopp, which was not imported: name it as CMD imports it" in done.stderr
    assert "the manifest has shop, tool\n" in done.stderr
    assert "not imported" not in fine.stderr
    assert "shop: calls are counted in metrics, which this run does not receive" in fine.stderr


def test_lines_that_are_not_committed_are_counted_at_the_start(app):
    """Their origin is unknown until then; the lines around them keep theirs."""
    with (app / "app.py").open("a") as file:
        file.write("\nif tracer is None:\n    print(0)\n")

    done = aiprov("run", "--", sys.executable, "app.py", cwd=app)

    assert (
        "the origin of 10 lines, 3 of them not committed yet and therefore unknown" in done.stderr
    )


def test_files_that_changed_since_the_manifest_was_built_are_named(app, monkeypatch):
    """Of a manifest that is used as it is; without a change there is no such line."""
    invoke("build", "--output", "mine.manifest", cwd=app)
    monkeypatch.setenv("AIPROV_MANIFEST", "mine.manifest")
    command = ("run", "--", sys.executable, "-c", "")

    before = invoke(*command, cwd=app).stderr
    (app / "app.py").write_text("a = 1\n")
    after = invoke(*command, cwd=app).stderr

    assert "changed since" not in before
    assert "changed since it was built, and therefore unknown: app.py; run `aiprov build`" in after


def test_a_manifest_that_is_named_is_used(app, monkeypatch, capfd):
    """`AIPROV_MANIFEST` is handed on, and nothing is built."""
    invoke("build", "--output", "mine.manifest", cwd=app)
    monkeypatch.setenv("AIPROV_MANIFEST", "mine.manifest")
    code = "import os; print(os.environ['AIPROV_MANIFEST'])"

    invoke("run", "--", sys.executable, "-c", code, cwd=app)

    assert capfd.readouterr().out == f"{app / 'mine.manifest'}\n"
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
    done = invoke("run", *words, cwd=app)

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_command_that_the_system_refuses_is_one_line(app, capfd):
    """A file without a first line that names its interpreter: 126, as a shell says it."""
    program = app / "broken"
    program.write_bytes(b"\x00\x01\x02")
    program.chmod(0o755)

    done = invoke("run", "--", "./broken", cwd=app)

    assert done.returncode == 126
    assert "can't start" in done.stderr
    assert "Traceback" not in capfd.readouterr().err + done.stderr


def test_a_python_that_does_not_start_is_named(app):
    """A command of an interpreter that is broken is told how to see why."""
    other = app / "bin" / "python3"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)

    done = invoke("run", "--", "bin/python3", "app.py", cwd=app)

    assert done.returncode == 2
    assert "bin/python3 does not start" in done.stderr


def test_outside_a_repository_it_says_so(tmp_path, monkeypatch, capfd):
    """Without a history there is no manifest: one line, and CMD does not run."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    done = invoke("run", "--", sys.executable, "-c", "print('ran')", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stdout + capfd.readouterr().out == ""
    assert "Traceback" not in done.stderr


WAITING = """
import os, signal, sys
from opentelemetry import trace

def end(number, frame):
    os.write(1, b"told %d\\n" % number)  # print() may be what was interrupted
    sys.exit(number)

signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
with trace.get_tracer("app").start_as_current_span("total", attributes={"aiprov.origin": "ai"}):
    pass
print("ready", flush=True)
signal.pause()
"""


def test_sigterm_is_passed_on(repo):
    """A supervisor's request to end reaches the command, and the report follows."""
    repo.commit("app.py", WAITING)
    with start("run", "--", sys.executable, "app.py", cwd=repo.path) as process:
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        output, said = process.communicate(timeout=PATIENCE)

    assert (output, process.returncode) == ("told 15\n", 15)
    assert "By origin" in said


def test_ctrl_c_ends_the_command_and_the_report_follows(repo):
    """The terminal signals both; the command gets it once and finishes, then we report."""
    repo.commit("app.py", WAITING)
    with start_in_group("run", "--", sys.executable, "app.py", cwd=repo.path) as process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        output, said = process.communicate(timeout=PATIENCE)

    assert (output, process.returncode) == ("told 2\n", 2)
    assert "By origin" in said
    assert "Traceback" not in said


DYING = """
import signal, sys
from opentelemetry import trace

with trace.get_tracer("app").start_as_current_span("total", attributes={"aiprov.origin": "ai"}):
    pass
signal.raise_signal(signal.SIGTERM)
"""


def test_sigterm_loses_no_span(repo):
    """What a process did right before SIGTERM ended it is in the report."""
    repo.commit("app.py", DYING)
    done = aiprov(
        *("run", "--", sys.executable, "app.py"), cwd=repo.path, OTEL_BSP_SCHEDULE_DELAY="60000"
    )

    assert done.returncode == 128 + signal.SIGTERM
    assert spans(repo.path) == [("total", repo.path.name)]


STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, _: os.write(1, b"told %d\\n" % number))
print(os.getpid(), flush=True)
while True:
    time.sleep(60)
"""


@pytest.mark.matrix
@pytest.mark.parametrize(("number", "times"), [(signal.SIGTERM, 2), (signal.SIGINT, 3)])
def test_a_command_that_ignores_signals_is_killed(repo, number, times):
    """A second SIGTERM ends it, and a third Ctrl-C: the first ones are its own to handle."""
    repo.commit("app.py", STUBBORN)
    with start_in_group("run", "--", sys.executable, "app.py", cwd=repo.path) as process:
        command = int(process.stdout.readline())
        for _ in range(times - 1):
            (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
            assert process.stdout.readline() == f"told {number}\n"
        # To a process that is slow to handle a signal, the next one is the same signal.
        while Path(f"/proc/{command}").exists():
            os.kill(process.pid, number)
            with contextlib.suppress(AssertionError):
                until(lambda: not Path(f"/proc/{command}").exists(), "the command ends", 5)
        process.communicate(timeout=PATIENCE)

    # A signal that came after that ends the report.
    assert process.returncode in {137, 128 + number}


def start_in_group(*words, cwd):
    """The command in a process group of its own, as a shell starts it."""
    return Started(
        [*AIPROV, *words],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_ctrl_c_before_any_trace(repo):
    """What the command did not do until then is the reason, and not that it was stopped."""
    repo.commit("app.py", "import signal\nprint('ready', flush=True)\nsignal.pause()\n")
    with start_in_group("run", "--", sys.executable, "app.py", cwd=repo.path) as process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=PATIENCE)[1]

    assert process.returncode == 130
    assert "aiprov: no trace: it used no framework" in said


def test_a_receiver_may_hold_the_store(app):
    """A run beside `aiprov serve` is kept in a store of its own, and says where."""
    folder = app / ".aiprov"
    folder.mkdir()
    holder = "from aiprov_otel.telemetry.store import Store; from pathlib import Path; import sys\n"
    holder += "with Store.open(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", holder, str(folder / "telemetry.duckdb")]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, env=environment()) as process:
        assert process.stdout.readline() == b"held\n"
        done = aiprov("run", "--", sys.executable, "app.py", cwd=app)
        process.stdin.close()

    assert done.returncode == 0, done.stderr
    assert "`aiprov report --store .aiprov/run.duckdb`" in done.stderr
    assert "By origin" in done.stderr


def test_a_manifest_will_do_without_git(app, tmp_path, monkeypatch):
    """Where there is no history, the manifest that was deployed answers."""
    deployed = tmp_path / "deployed"
    deployed.mkdir()
    invoke("build", "--output", str(deployed / "aiprov.manifest"), cwd=app)
    (deployed / "app.py").write_text(APP)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))

    done = aiprov("run", "--", sys.executable, "app.py", cwd=deployed)

    assert done.returncode == 0, done.stderr
    assert "no git history here; uses " in done.stderr
    assert "By origin" in done.stderr


def test_opentelemetry_s_own_command_is_left_out(app):
    """A command that instruments itself would be instrumented twice."""
    done = invoke("run", "--", "opentelemetry-instrument", "python", "app.py", cwd=app)

    assert done.returncode == 2
    assert "leave `opentelemetry-instrument` out" in done.stderr


def test_a_bundle_is_refused(app):
    """A pex sees no package but its own, whatever is lent."""
    with zipfile.ZipFile(app / "app.pex", "w") as archive:
        archive.writestr("PEX-INFO", "{}")
        archive.writestr("__main__.py", "")

    done = invoke("run", "--", sys.executable, "app.pex", cwd=app)

    assert done.returncode == 2
    assert "app.pex is a pex, which sees no package but its own" in done.stderr


@pytest.mark.parametrize("words", [("./pex",), (sys.executable, "."), (sys.executable, "pex")])
def test_a_bundle_that_is_a_folder_is_refused(app, monkeypatch, words):
    """As pex builds one with `--layout packed`, however it is started."""
    bundle = app / "bundle"
    bundle.mkdir()
    for name in ("PEX-INFO", "__main__.py", "pex"):
        (bundle / name).write_text("#!/usr/bin/env python3\n")
        (bundle / name).chmod(0o755)
    monkeypatch.chdir(bundle)

    done = invoke("run", "--", *words, cwd=bundle)

    assert done.returncode == 2
    assert "is a pex, which sees no package but its own" in done.stderr
