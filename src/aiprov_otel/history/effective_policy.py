"""The policy of one build: that of the repository, with what git and the command line add."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeGuard

from aiprov_otel.errors import HistoryError, PolicyError, UsageError
from aiprov_otel.files import read_regular
from aiprov_otel.history.git.repository import IGNORE_REVS_FILE, Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.policy_schema import Moves


def apply_policy(
    git: Git,
    *,
    moves: Moves | None = None,
    pull_requests: str | None = None,
    paths: tuple[str, ...] = (),
    ai_only: bool = False,
) -> Policy:
    """
    The policy of the repository, with the commits that blame looks through; sets up *git* for it.

    The arguments *moves* and *pull_requests* override the keys of those names.

    Raises:
        HistoryError: git tracks nothing at one of *paths*.
        PolicyError: the policy, or a file that it or git's configuration names, can't be used.
    """
    for path in paths:
        if not git.run("ls-files", "-z", "--", path):
            msg = f"git tracks nothing at {path} in {git.root}; `git add` it first, or fix the path"
            raise HistoryError(msg)
    policy = Policy.load(git.root)
    files, commits = read_ignored_commits(git, policy)
    policy = replace(
        policy,
        moves=moves or policy.moves,
        pull_requests=pull_requests or policy.pull_requests,
        ignore_revs_files=files,
        ignored=commits,
        paths=paths,
        ai_only=ai_only,
    )
    git.blame_options, git.ignored = policy.blame_options, commits
    return policy


def with_build_options(policy: Policy, built: Mapping[str, Any]) -> Policy:
    """
    *policy* with the options of a build whose manifest has the policy *built*.

    A manifest is compared with what building it again with the same options would give. A value
    that no build writes counts as absent.
    """
    paths, moves, export = (built.get(key) for key in ("paths", "moves", "pull_requests"))
    return replace(
        policy,
        paths=tuple(filter(_is_path, paths)) if isinstance(paths, list | tuple) else (),
        moves=policy.moves or (Moves(moves) if moves in tuple(Moves) else Moves.NONE),
        pull_requests=policy.pull_requests or (export if _is_path(export) else None),
        ai_only=built.get("ai_only") is True,
    )


def _is_path(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and "\0" not in value


def changed_keys(policy: Policy, built: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of *built*, the policy of a manifest, whose value differs now."""
    now = with_build_options(policy, built).to_json()
    return tuple(key for key in {**now, **built} if now.get(key) != built.get(key))


def relative_paths(git: Git, paths: Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
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


def existing_folder(paths: Sequence[Path]) -> Path:
    """The first of *paths*, or the folder above it that exists; by default the current one."""
    start = (paths[0] if paths else Path()).absolute()
    return next(folder for folder in (start, *start.parents) if folder.is_dir())


_LONGEST: Final = 16 * 1024 * 1024  # bytes of a list of ignored commits
_CONFIG: Final = "blame.ignoreRevsFile"
_HASH: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)


def read_ignored_commits(git: Git, policy: Policy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    The files that list ignored commits, and those commits, sorted.

    Raises:
        PolicyError: one of the files can't be read, or has a line that is not a full hash.
    """
    files = find_ignore_revs_files(git, policy)
    commits = {
        commit for file, named_by in files.items() for commit in _read(Path(file), named_by, git)
    }
    return tuple(files), tuple(sorted(commits))


def find_ignore_revs_files(git: Git, policy: Policy) -> dict[str, str]:
    """
    The files that list ignored commits, each with the setting that names it.

    That is the one of *policy* or, without one, those of git's configuration and the one in the
    root.
    """
    if policy.ignore_revs_file:
        return {str(git.root / policy.ignore_revs_file): "[tool.aiprov] ignore_revs_file"}
    files: dict[str, str] = {}
    for name in _configured_files(git):
        # An empty value clears the names of configurations further out.
        files = {**files, str(git.root / name): f"git config {_CONFIG}"} if name else {}
    default = git.root / IGNORE_REVS_FILE
    return {**files, str(default): IGNORE_REVS_FILE} if default.is_file() else files


def _configured_files(git: Git) -> list[str]:
    """The paths in git's configuration, with `~` replaced."""
    if not git.configuration.values(_CONFIG.lower()):  # few have one, and git is started for it
        return []
    output = git.try_run("config", "-z", "--type=path", "--get-all", _CONFIG)[1]
    return [os.fsdecode(value) for value in output.split(b"\0")[:-1]]


def _read(file: Path, named_by: str, git: Git) -> Iterator[str]:
    shown = os.path.relpath(file, git.root)
    inside = None if named_by.startswith("git config") else git.root
    try:
        lines = read_regular(file, _LONGEST, inside=inside).decode("utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is not UTF-8"
        msg = f"{named_by} names {shown}, which can't be read: {reason}; fix or remove the setting"
        raise PolicyError(msg) from error
    for number, text in enumerate(lines, start=1):
        line = text.partition("#")[0].strip()
        if line and not _HASH.fullmatch(line):
            # The line is not repeated: if it is the wrong file, its text should not be printed.
            msg = f"{shown}:{number} is not the full hash of a commit, which git needs"
            raise PolicyError(f"{msg}; write what `git rev-parse` prints for it")
        if line:
            yield line.lower()
