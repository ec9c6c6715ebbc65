"""The terms of an answer: the policy, with what git's configuration and the user add to it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.history import ignored
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.moves import Moves
from aiprov_otel.history.policy import Policy


def terms(
    git: Git, *, moves: Moves | None = None, paths: tuple[str, ...] = (), ai_only: bool = False
) -> Policy:
    """
    The policy of *git*, with the commits that blame looks through; *git* follows it from now on.

    What is given for *moves* counts more than what the policy says of it.

    Raises:
        HistoryError: one of *paths* is none of its.
        PolicyError: the policy, or a file that it or git's configuration names, can't be used.
    """
    for path in paths:
        if not git.run("ls-files", "-z", "--", path):
            msg = (
                f"git tracks nothing at {path} in {git.root}; `git add` it first, or mend the path"
            )
            raise HistoryError(msg)
    policy = Policy.load(git.root)
    files, commits = ignored.commits(git, policy)
    whole = replace(
        policy,
        moves=moves or policy.moves,
        ignore_revs_files=files,
        ignored=commits,
        paths=paths,
        ai_only=ai_only,
    )
    git.blame_options, git.ignored = whole.blame_options, commits
    return whole


def like(policy: Policy, built: Mapping[str, Any]) -> Policy:
    """
    *policy* with what only a build is told: its folders, whether it is about AI only, and the
    moves where nobody says them.

    So that a manifest is compared with what building it again in the same way would give.
    """
    paths, moves = built.get("paths", ()), built.get("moves", Moves.NONE)
    return replace(
        policy,
        paths=tuple(paths),
        moves=policy.moves or Moves(moves),
        ai_only=built.get("ai_only", False),
    )


def changed(policy: Policy, built: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of *built*, a manifest's policy, that would be others now."""
    now = like(policy, built).to_json()
    return tuple(key for key in {**now, **built} if now.get(key) != built.get(key))


def within(git: Git, paths: Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
    """
    *paths* relative to the root of *git*, sorted; empty where the root is one of them.

    Raises:
        UsageError: one of them is outside of it.
    """
    names = {Path(os.path.relpath(os.path.realpath(path), git.root)).as_posix() for path in paths}
    if outside := sorted(name for name in names if name == ".." or name.startswith("../")):
        msg = f"{outside[0]} is not in the repository {git.root}; build it in its own"
        raise UsageError(msg)
    return () if "." in names else tuple(sorted(names))


def folder_of(paths: Sequence[Path]) -> Path:
    """A folder of the repository that *paths* are in, whether they are there or not."""
    start = (paths[0] if paths else Path()).absolute()
    return next(folder for folder in (start, *start.parents) if folder.is_dir())
