"""`aiprov run` on an environment that has nothing of ours, nor OpenTelemetry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from aiprov_otel.telemetry.store import Store
from support.command import aiprov
from support.repo import Repo

APP = """
import json, os, subprocess, sys
from http.client import HTTPConnection
from threading import Thread
from wsgiref.simple_server import make_server


def app(environ, start_response):
    if environ["PATH_INFO"] == "/fail":
        raise LookupError("apple")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hi"]


def ask(server):
    for path in ("/", "/fail"):
        connection = HTTPConnection("127.0.0.1", server.server_port)
        connection.request("GET", path)
        connection.getresponse().read()
    server.shutdown()


def main():
    import greeting

    if "child" not in sys.argv:
        subprocess.run([sys.executable, __file__, "child"], check=True)
    server = make_server("127.0.0.1", 0, app)
    thread = Thread(target=ask, args=[server])
    thread.start()
    server.serve_forever()
    thread.join()
    lent = [path for path in sys.path if "/lent/" in path]
    print(json.dumps({"path": sys.path, "lent": lent, "sitecustomize": greeting.said,
        "name": sys.modules["sitecustomize"].__file__, "rich": "rich" in sys.modules}))


if __name__ == "__main__":
    main()
"""


class Ran(NamedTuple):
    """A run, what each of its two processes printed, and the spans that came."""

    done: subprocess.CompletedProcess[str]
    printed: list[dict[str, object]]
    spans: list[tuple[str, ...]]
    site: Path


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An environment with a `.pth` file and a `sitecustomize` of its own, and a repository."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "own.pth").write_text(f"{folder}/own\n")
    (folder / "own").mkdir()
    (folder / "own" / "greeting.py").write_text("said = []\n")
    (site / "sitecustomize.py").write_text("import greeting\ngreeting.said.append('own')\n")
    repo = Repo(folder / "repo")
    repo.commit("app.py", APP)
    return repo, folder / "venv" / "bin" / "python", site


@pytest.fixture(scope="module")
def ran(bare):
    """The application, run once with the interpreter named."""
    repo, python, site = bare
    done = aiprov("run", "--", str(python), "app.py", cwd=repo.path, PYTHONPATH=_path())
    printed = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return Ran(done, printed, _spans(repo.path), site)


def _path() -> str:
    """Where our own command finds us; the command that it runs must not."""
    return os.pathsep.join(each for each in sys.path if "site-packages" not in each and each)


def _spans(folder: Path) -> list[tuple[str, ...]]:
    with Store.read(folder / ".aiprov" / "telemetry.duckdb") as store:
        return store.query(
            "SELECT SpanName, StatusCode, SpanAttributes['code.function.name'] FROM otel_traces"
        )


def test_it_gives_a_report(ran):
    """
    Nothing is installed, and each request of each process is there with its function.
    """
    assert ran.done.returncode == 0, ran.done.stderr
    assert "By origin" in ran.done.stderr
    assert len(ran.spans) == 4
    assert {function for _, _, function in ran.spans} == {"__main__.app"}
    assert [status for _, status, _ in ran.spans].count("Error") == 2


def test_it_says_what_happens(ran):
    """
    One line with the page of the run, one at the start, one at the first request.
    """
    lines = [line for line in ran.done.stderr.splitlines() if line.startswith("aiprov: ")]
    page, start, request = [line for line in lines if "fetching" not in line]

    assert page.startswith("aiprov: the page about this run is at http://127.0.0.1:")
    assert "the origin of " in start
    assert start.endswith(" is lent")
    assert request.startswith("aiprov: first request: GET /")


def test_the_service_s_own_comes_first(ran):
    """
    What is lent is at the end of the path, behind what its `.pth` files add.
    """
    for each in ran.printed:
        lent = each["lent"]
        assert len(lent) == 2
        assert each["path"][-2:] == lent
        assert str(ran.site) in each["path"]
        assert not any("bootstrap" in path for path in each["path"])


def test_its_own_sitecustomize_runs(ran):
    """
    Once, and under its name.
    """
    for each in ran.printed:
        assert each["sitecustomize"] == ["own"]
        assert each["name"] == str(ran.site / "sitecustomize.py")


def test_nothing_that_changes_a_service_is_imported(ran):
    """
    Rich, for one, makes some services slow by its presence.
    """
    assert [each["rich"] for each in ran.printed] == [False, False]


def test_an_interpreter_that_shows_only_later_is_reached(bare):
    """
    A shell script that starts Python: the process itself asks for what it lacks.
    """
    repo, python, _ = bare
    script = repo.path / "start.sh"
    script.write_text(f"#!/bin/sh\nexec {python} app.py child\n")
    script.chmod(0o755)

    done = aiprov("run", "--", "./start.sh", cwd=repo.path, PYTHONPATH=_path())

    assert done.returncode == 0, done.stderr
    assert "By origin" in done.stderr


def test_a_bundle_that_a_script_starts_is_named(bare):
    """
    It runs on, and the reason for no trace is what it is.
    """
    repo, python, _ = bare
    with zipfile.ZipFile(repo.path / "app.pex", "w") as archive:
        archive.writestr("PEX-INFO", "{}")
        archive.writestr("__main__.py", "print('ran')")
    script = repo.path / "bundle.sh"
    script.write_text(f"#!/bin/sh\nexec {python} app.pex\n")
    script.chmod(0o755)

    done = aiprov("run", "--", "./bundle.sh", cwd=repo.path, PYTHONPATH=_path())

    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert "no trace: app.pex is a pex, which sees no package but its own" in done.stderr


def test_another_environment_stands_aside(bare):
    """
    The interpreter of the command is known: a tool in another one gets nothing.
    """
    repo, python, _ = bare
    code = (
        f"import subprocess as s; s.run([{sys.executable!r}, '-c', 'import sys; print(sys.path)'])"
    )

    done = aiprov("run", "--", str(python), "-c", code, cwd=repo.path, PYTHONPATH=_path())

    assert done.returncode == 0, done.stderr
    assert "/lent/" not in done.stdout
    assert "bootstrap" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-I", "app.py"), "starts Python with -I, which hides everything that aiprov adds"),
        (("-sE", "app.py"), "starts Python with -E"),
        (("-X", "dev", "-S", "app.py"), "starts Python with -S"),
    ],
)
def test_a_python_that_hides_itself_is_refused(bare, words, said):
    """
    Before anything runs, with what to leave out.
    """
    repo, python, _ = bare

    done = aiprov("run", "--", str(python), *words, cwd=repo.path, PYTHONPATH=_path())

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
