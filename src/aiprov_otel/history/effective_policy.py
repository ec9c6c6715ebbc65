"""The policy of one build: what the file says, with what git and the command line add."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from aiprov_otel.errors import HistoryError, PolicyError, UsageError
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.policy_schema import Moves


def effective_policy(
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
    files, commits = ignored_commits(git, policy)
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


def as_built(policy: Policy, built: Mapping[str, Any]) -> Policy:
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


def changed_keys(policy: Policy, built: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of *built*, a manifest's policy, that would be others now."""
    now = as_built(policy, built).to_json()
    return tuple(key for key in {**now, **built} if now.get(key) != built.get(key))


def paths_within(git: Git, paths: Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
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


IGNORE_REVS_FILE: Final = ".git-blame-ignore-revs"
"""What forges and editors read too, where it stands in the root."""

_CONFIG: Final = "blame.ignoreRevsFile"
_HASH: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)


def ignore_revs_files(git: Git, policy: Policy) -> dict[str, str]:
    """
    The files that are in force, each with who names it.

    That is the one of *policy* or, without one, those of git's configuration and the one in the
    root.
    """
    if policy.ignore_revs_file:
        return {str(git.root / policy.ignore_revs_file): "[tool.aiprov] ignore_revs_file"}
    found: dict[str, str] = {}
    for name in _configured_files(git):
        # An empty value forgets what a configuration further out has named.
        found = {**found, str(git.root / name): f"git config {_CONFIG}"} if name else {}
    default = git.root / IGNORE_REVS_FILE
    return {**found, str(default): IGNORE_REVS_FILE} if default.is_file() else found


def _configured_files(git: Git) -> list[str]:
    """The paths that git's configuration names, `~` replaced."""
    output = git.ask("config", "-z", "--type=path", "--get-all", _CONFIG)[1]
    return [os.fsdecode(value) for value in output.split(b"\0")[:-1]]


def ignored_commits(git: Git, policy: Policy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    The files that are in force, and the commits that they name, sorted.

    Raises:
        PolicyError: one of them can't be read, or has a line that is no full hash.
    """
    named = ignore_revs_files(git, policy)
    found = {name for file, by in named.items() for name in _read_ignored(Path(file), by, git.root)}
    return tuple(named), tuple(sorted(found))


def _read_ignored(file: Path, named_by: str, root: Path) -> Iterator[str]:
    shown = os.path.relpath(file, root)
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is not UTF-8"
        msg = f"{named_by} names {shown}, which can't be read: {reason}; mend or remove the setting"
        raise PolicyError(msg) from error
    for number, text in enumerate(lines, start=1):
        line = text.partition("#")[0].strip()
        if line and not _HASH.fullmatch(line):
            # The line is not repeated: whoever names a wrong file should not have it printed.
            msg = f"{shown}:{number} is not the full hash of a commit, which git needs"
            raise PolicyError(f"{msg}; write what `git rev-parse` prints for it")
        if line:
            yield line.lower()
