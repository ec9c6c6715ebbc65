"""How much of a repository this clone of it has."""

from __future__ import annotations

from aiprov_otel.history.git.repository import Git


def boundaries(git: Git) -> frozenset[str]:
    """The commits whose parents a shallow clone left out; empty for a full one."""
    try:
        return frozenset((git.directory / "shallow").read_text("ascii").split())
    except FileNotFoundError:
        return frozenset()


def has_commits(git: Git, number: int) -> bool:
    """Whether the history of what is checked out is at least that long."""
    return int(git.run("rev-list", "--count", f"--max-count={number}", "HEAD")) >= number


def partial(git: Git) -> bool:
    """Whether the clone lacks objects that git would fetch when it needs them."""
    keys = r"^(extensions\.partialclone|remote\..*\.promisor)$"
    return not git.ask("config", "--get-regexp", keys)[0]
