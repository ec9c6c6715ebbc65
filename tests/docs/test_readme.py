"""The README is run: its Python as a program, its console sessions in the demo's shop."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from aiprov_otel.demo.shop import lay_out
from support.repo import Repo
from support.service import free_port, wait_for_port
from support.waiting import PATIENCE

README = (Path(__file__).parents[2] / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The fenced blocks of *language*, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def sessions() -> list[tuple[str, str]]:
    """Each command of the console blocks, and what the README shows as its output."""
    found = []
    for block in blocks("console"):
        for session in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = session.partition("\n")
            found.append((command, output))
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The shop of `aiprov demo`; the sessions of the README follow each other in it."""
    return lay_out(tmp_path_factory.mktemp("readme") / "shop")


def run(command: str | list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run *command* in *folder*, with the commands of this environment first."""
    environment = {**os.environ, "PATH": _path()}
    shell = isinstance(command, str)
    return subprocess.run(
        command, shell=shell, cwd=folder, env=environment, capture_output=True, text=True
    )


def _path() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def test_it_is_read_in_one_go():
    """
    The README has at most 130 lines.
    """
    assert len(README.splitlines()) <= 130


APP = """from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def index():
    return 1 / 0
"""


def test_the_three_steps_give_a_report(tmp_path):
    """
    Someone who types them, and sends a request, reads which line failed, in the table shown.
    """
    (block,) = [each for each in blocks("sh") if "aiprov run -- " in each]
    _, build, start = block.splitlines()
    repo = Repo(tmp_path / "repo")
    repo.commit("app.py", APP, "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>")
    (repo.path / ".venv").symlink_to(Path(sys.executable).parents[1])
    assert run(build, repo.path).returncode == 0

    port = free_port()
    environment = {**os.environ, "PATH": _path(), "UVICORN_PORT": str(port)}
    with subprocess.Popen(
        f"exec {start}",
        shell=True,
        cwd=repo.path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for_port(port, process)
        ask(f"http://127.0.0.1:{port}/")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=PATIENCE)[1]

    (shown,) = [each for each in blocks("text") if each.startswith("Errors, by the line")]
    printed = [line.split() for line in said.splitlines()]
    title, header, row = [line.split() for line in shown.splitlines()]
    assert title in printed, said
    assert header in printed, said
    assert row[:-1] in [line[:-1] for line in printed], said


def ask(address: str) -> None:
    """Send a request that fails."""
    with pytest.raises(HTTPError, match="500"):
        urlopen(address, timeout=PATIENCE)


def test_the_python_blocks_run_in_order(tmp_path):
    """
    A reader who pastes the Python of the README into one file has a program that runs.
    """
    (tmp_path / "pasted.py").write_text("\n".join(blocks("python")))

    done = run([sys.executable, "pasted.py"], tmp_path)

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("command", "shown"), sessions())
def test_a_console_session_shows_what_is_printed(command, shown, shop):
    """
    Each command of the README prints what stands below it; `…` stands for what differs.
    """
    done = run(command, shop)
    pattern = ".*?".join(map(re.escape, shown.rstrip().split("…")))

    assert re.fullmatch(pattern, (done.stdout + done.stderr).rstrip(), re.DOTALL), done
