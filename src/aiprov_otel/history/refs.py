"""The refs of a repository that fit a pattern: where tools keep records, and forges requests."""

from __future__ import annotations

from fnmatch import fnmatchcase

from aiprov_otel.history.git.repository import Git


def fitting(git: Git, *patterns: str) -> list[str]:
    """
    The names of the refs that fit one of *patterns*, sorted.

    A pattern is a name, `refs/notes/ai`, all below one, `refs/notes/`, or has a `*` in it.
    """
    return [ref for ref in git.refs if any(_fits(ref, pattern) for pattern in patterns)]


def _fits(ref: str, pattern: str) -> bool:
    return ref.startswith(pattern) if pattern.endswith("/") else fnmatchcase(ref, pattern)
