"""A clone in which agents, people and git work, with the hooks that `aiprov init` installs."""

from __future__ import annotations

import io
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiprov_otel
from aiprov_otel.capture import record
from aiprov_otel.cli.main import main
from aiprov_otel.history.query import query_file
from support.authorship import parse
from support.repo import Repo

SOURCES = str(Path(aiprov_otel.__file__).parents[1])
AGENTS = "claude-code,codex"
MODEL = "claude-opus-4-6"


class Desk(Repo):
    """A repository in which `aiprov init` was run."""

    def __init__(
        self, path: Path, *options: str, agents: str = AGENTS, enable: bool = True
    ) -> None:
        super().__init__(path)
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.org")
        self._calls = itertools.count()
        if enable:
            self.init(*options, agents=agents)

    @classmethod
    def clone(cls, origin: Path | str, path: Path, *options: str, agents: str = AGENTS) -> Desk:
        """A clone of *origin*, with `aiprov init`."""
        subprocess.run(["git", "clone", "--quiet", str(origin), str(path)], check=True)
        return cls(path, *options, agents=agents)

    def init(self, *options: str, agents: str = AGENTS) -> int:
        """Run `aiprov init --yes`."""
        return main(["init", str(self.path), "--agents", agents, "--yes", *options])

    def git(self, *arguments: str, stdin: bytes = b"", **environment: str) -> str:
        """Run git; its hooks run the sources that are tested."""
        paths = os.pathsep.join(filter(None, (SOURCES, os.environ.get("PYTHONPATH"))))
        defaults = {"PYTHONPATH": paths, "GIT_EDITOR": "true"}
        return super().git(*arguments, stdin=stdin, **{**defaults, **environment})

    def read(self, path: str) -> str:
        """The text of the file at *path*; empty where there is none."""
        file = self.path / path
        return file.read_text() if file.is_file() else ""

    def event(self, agent: str, document: dict[str, Any]) -> None:
        """Hand *document* to `aiprov record`, in this process."""
        self.input(agent, json.dumps({"cwd": str(self.path), **document}).encode())

    def input(self, agent: str, text: bytes) -> None:
        """Hand *text* to `aiprov record`, in this process."""
        stdin, here = sys.stdin, os.path.realpath(os.curdir)
        sys.stdin = SimpleNamespace(buffer=io.BytesIO(text))
        os.chdir(self.path)
        try:
            assert record.main([agent]) == 0
        finally:
            sys.stdin = stdin
            os.chdir(here)

    def saved(self, path: str) -> None:
        """An editor has saved the file at *path*."""
        here = os.path.realpath(os.curdir)
        os.chdir(self.path)
        try:
            assert record.main(["editor", path]) == 0
        finally:
            os.chdir(here)

    def tool(
        self,
        name: str,
        tool_input: dict[str, Any],
        *,
        agent: str = "claude-code",
        before: bool = True,
        after: bool = True,
        session: str = "s1",
        model: str = MODEL,
        does: Any = None,
    ) -> None:
        """A use of a tool by *agent*: its hook before, what it *does*, its hook after."""
        fields = {
            "session_id": session,
            "tool_use_id": f"call-{next(self._calls)}",
            "tool_name": name,
            "tool_input": tool_input,
            "model": model,
        }
        if before:
            self.event(agent, {**fields, "hook_event_name": "PreToolUse"})
        if does:
            does()
        if after:
            self.event(agent, {**fields, "hook_event_name": "PostToolUse"})

    def agent_writes(self, path: str, text: str, **options: Any) -> None:
        """An agent writes all of the file at *path*."""
        fields = {"file_path": str(self.path / path), "content": text}
        self.tool("Write", fields, does=lambda: self.write(path, text), **options)

    def agent_edits(self, path: str, old: str, new: str, **options: Any) -> None:
        """An agent replaces *old* by *new* in the file at *path*."""
        fields = {"file_path": str(self.path / path), "old_string": old, "new_string": new}

        def replace() -> None:
            text = self.read(path)
            assert old in text
            self.write(path, text.replace(old, new, 1))

        self.tool("Edit", fields, does=replace, **options)

    def agent_runs(self, command: str, agent: str = "claude-code", **options: Any) -> None:
        """An agent runs *command* in a shell, in which it names itself."""

        def shell() -> None:
            own = {"GIT_EDITOR": "true", "PYTHONPATH": SOURCES, "AI_AGENT": f"{agent}_1_agent"}
            environment = {**os.environ, **own}
            subprocess.run(["sh", "-c", command], cwd=self.path, env=environment, check=True)

        self.tool("Bash", {"command": command}, agent=agent, does=shell, **options)

    def person_replaces(self, path: str, old: str, new: str) -> None:
        """A person replaces *old* by *new*."""
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new, 1))

    def commits(self, message: str = "Change it", *options: str) -> str:
        """Commit everything; returns the hash."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message, *options)
        return self.git("rev-parse", "HEAD")

    def note(self, revision: str = "HEAD") -> str:
        """The note of a commit; empty without one."""
        listed = self.git("notes", "--ref=ai", "list").split()
        commit = self.git("rev-parse", revision)
        return self.git("notes", "--ref=ai", "show", commit) if commit in listed[1::2] else ""

    def attested(self, revision: str = "HEAD", who: str | None = None) -> dict[str, list[str]]:
        """The text of the lines that the note of a commit is about, by path; all, or of *who*."""
        note = self.note(revision)
        found = {}
        for path, rows in parse(note).items() if note else ():
            lines = self.git("show", f"{revision}:{path}").split("\n")
            texts = [lines[n - 1].strip() for n in sorted(rows) if who in {None, rows[n]}]
            if texts:
                found[path] = texts
        return found

    def blame(self, path: str) -> list[str]:
        """The origin of each line of a file, by git."""
        answer = query_file(self.path / path, None, history=True)
        return [decision.provenance.origin.value for decision in answer.decisions]

    def trouble(self) -> str:
        """The log of the hooks."""
        log = self.path / ".git" / "aiprov" / "log"
        return log.read_text() if log.is_file() else ""


def tree(desk: Desk) -> dict[str, tuple[int, bytes]]:
    """Every file below the root, with its mode: also those of git that `init` may touch."""
    found = {}
    for path in sorted(desk.path.rglob("*")):
        name = path.relative_to(desk.path).as_posix()
        if name.startswith(".git/") and not name.startswith(
            (".git/hooks", ".git/config", ".git/aiprov")
        ):
            continue
        if path.is_file():
            found[name] = (path.stat().st_mode, path.read_bytes())
    return found
