"""The tutorial is typed as a reader would: a service, the servers, a count, a trace, a commit."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from support import jaeger, network, pipeline
from support.prometheus import why_not as no_promtool
from support.servers import built
from support.waiting import until

REASONS = (network.why_not(), jaeger.why_not(), pipeline.why_not(), no_promtool())
REASONS += (None if shutil.which("curl") else "there is no curl",)
if reason := next(filter(None, REASONS), None):
    pytest.skip(reason, allow_module_level=True)

PAGE = (Path(__file__).parents[3] / "docs" / "get-started" / "your-grafana.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SERVERS = {"prometheus": "prometheus", "jaeger": "jaeger", "otelcol-contrib": "otelcol"}


class Terminal:
    """A folder, and the commands of the page."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder / "shop"
        self.folder.mkdir()
        commands = folder / "commands"
        commands.mkdir()
        for name, server in SERVERS.items():
            (commands / name).symlink_to(built(server) or "")
        path = [str(commands), str(Path(sys.executable).parent), os.environ["PATH"]]
        identity = {
            f"GIT_{who}_{what}": "reader@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "AIPROV_"))}
        self.variables = {**kept, **identity, "PATH": os.pathsep.join(path), "no_proxy": "*"}
        self.stack = stack

    def write(self, text: str) -> None:
        """The file that the first line of *text* names."""
        name = text.partition("\n")[0].removeprefix("# ")
        (self.folder / name).write_text(text)

    def type(self, text: str) -> str:
        """Run the lines of *text*; what they print."""
        done = subprocess.run(
            ["sh", "-ec", text],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def leave_running(self, line: str, folder: str = ".") -> None:
        """Start *line* in a terminal of its own."""
        self.stack.enter_context(self._started(line, self.folder / folder))

    @contextmanager
    def _started(self, line: str, folder: Path):
        with (self.folder.parent / "servers.log").open("ab") as log:
            process = subprocess.Popen(
                ["sh", "-c", line],
                cwd=folder,
                env=self.variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                yield
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()


def of(language: str) -> list[str]:
    """The blocks in *language*, in order."""
    return [text for name, text in BLOCKS if name == language]


def matches(terminal: Terminal, command: str, shown: str) -> bool:
    """Whether *command* prints what the page shows; `…` is for what differs."""
    pattern = ".*?".join(map(re.escape, shown.rstrip().split("…")))
    return re.fullmatch(pattern, terminal.type(command).rstrip(), re.DOTALL) is not None


@pytest.mark.matrix
def test_a_reader_gets_from_a_decorator_to_the_commit(tmp_path):
    """
    What is typed gives what is shown, and the commit in Jaeger is the one that was made.
    """
    commit, dashboards, servers, service, requests = of("sh")
    with network.own(), ExitStack() as stack:
        terminal = Terminal(tmp_path, stack)
        terminal.write(*of("python"))
        terminal.type(commit)
        terminal.type(dashboards)
        terminal.write(*of("yaml"))
        for line in servers.splitlines():
            terminal.leave_running(f"exec {line}", "observability")
        for port in (9090, 16686, 4318):
            until(lambda at=port: at in network.listening(), f"a server at {port}")
        *exports, start = service.splitlines()
        terminal.leave_running("; ".join([*exports, f"exec {start}"]))
        until(lambda: 8000 in network.listening(), "the service answers")
        terminal.type(requests)
        for session in of("console"):
            command, _, shown = session.removeprefix("$ ").partition("\n")
            # A span arrives after a while, and its trace when sampling has decided.
            until(lambda at=(command, shown): matches(terminal, *at), f"{shown!r}, of {command}")
        found = terminal.type(of("console")[1].removeprefix("$ ").partition("\n")[0])
        assert found.rstrip().endswith(terminal.type("git rev-parse HEAD").strip())
