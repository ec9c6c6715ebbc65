"""Real repositories in three lines."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ADA = "Ada Lovelace <ada@example.org>"
BOB = "Bob Ross <bob@example.org>"


class Repo:
    """A repository with a work tree at *path*, which knows nothing of the machine's own git."""

    def __init__(self, path: Path, *init: str) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *init)

    def write(self, path: str, text: str | bytes) -> Path:
        """Write *text* to *path*, and its folders."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def commit(
        self,
        path: str,
        text: str | bytes,
        message: str | bytes = "Change it",
        *,
        author: str = ADA,
        committer: str | None = None,
        when: str = "2026-05-04T10:00:00Z",
    ) -> str:
        """Commit *text* as the content of *path*; returns the full hash."""
        self.write(path, text)
        self.git("add", "--force", "--", path)
        return self.record(message, author=author, committer=committer, when=when)

    def record(
        self,
        message: str | bytes = "Change it",
        *,
        author: str = ADA,
        committer: str | None = None,
        when: str = "2026-05-04T10:00:00Z",
    ) -> str:
        """Commit what is staged; returns the full hash."""
        people = {
            **_person("AUTHOR", author, when),
            **_person("COMMITTER", committer or author, when),
        }
        text = message.encode() if isinstance(message, str) else message
        self.git(
            "commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-F-", stdin=text, **people
        )
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, stdin: bytes = b"", **environment: str) -> str:
        """Run git in the repository; returns what it says."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={
                **os.environ,
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_SYSTEM": os.devnull,
                **environment,
            },
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").strip()


def _person(role: str, who: str, when: str) -> dict[str, str]:
    name, _, mail = who.rpartition(" <")
    return {
        f"GIT_{role}_NAME": name,
        f"GIT_{role}_EMAIL": mail.removesuffix(">"),
        f"GIT_{role}_DATE": when,
    }
