"""Records as tools write them, into real repositories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from support.repo import Repo

CLAUDE = {"agent_id": {"tool": "claude", "id": "0", "model": "claude-opus-4-6"}}


def git_ai(files: Mapping[str, Mapping[str, str]], **metadata: Any) -> str:
    """The authorship log in which *files* have keys with their lines."""
    blocks = [
        "\n".join((f'"{path}"' if " " in path else path, *(f"  {k} {n}" for k, n in keys.items())))
        for path, keys in files.items()
    ]
    told = {"schema_version": "authorship/3.0.0", "prompts": {}, **metadata}
    return "\n".join((*blocks, "---", json.dumps(told, indent=2)))


def attested(path: str, lines: str) -> str:
    """The authorship log in which Claude wrote these *lines* of *path*."""
    return git_ai({path: {"s_0123456789abcd::t_0": lines}}, sessions={"s_0123456789abcd": CLAUDE})


def note(repo: Repo, commit: str, text: str, ref: str = "refs/notes/ai") -> None:
    """Hang *text* on *commit*."""
    people = {
        f"GIT_{role}_{part}": "tool@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    blob = repo.git("hash-object", "-w", "--stdin", stdin=text.encode())
    add = ("notes", f"--ref={ref}", "add", "--force", "-C", blob, commit)
    repo.git(*add, stdin=b"", **people)
