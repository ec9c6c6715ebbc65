"""The lines that a change adds and replaces, each with its origin, by git."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.attribute import Decisions
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.effective_policy import apply_policy
from aiprov_otel.history.git.checkout import resolve_commit
from aiprov_otel.history.git.patch import FilePatch, Hunk, read_patch
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.query import Place
from aiprov_otel.manifest import SourceFile
from aiprov_otel.review.functions import Function, functions
from aiprov_otel.values import Provenance

# Whatever attributes hide of a Python file, and nothing of a video.
_PATCH: Final = ("--find-renames", "--text")
_PATHS: Final = ("pyproject.toml", *(f"*{suffix}" for suffix in source_files.SUFFIXES))


@dataclass(frozen=True)
class ChangedFile:
    """
    A file that the change adds lines to.

    Attributes:
        source: the lines of the file, as it is in the work tree.
        old_path: its path before; None for a new file.
        hunks: what was replaced by what.
    """

    source: SourceFile
    old_path: str | None
    hunks: tuple[Hunk, ...]

    @property
    def added(self) -> list[int]:
        """The numbers of the added lines."""
        return [line for hunk in self.hunks for line in hunk.added]


@dataclass(frozen=True)
class Change:
    """
    The difference between the work tree and the commit that a branch left *base* at.

    Attributes:
        git: the repository.
        policy: decided the origins.
        base: full hash of that commit.
        head: full hash of the commit that is checked out.
        files: the Python files that count, with added lines, sorted by path.
        policy_changed: whether the change edits pyproject.toml, which holds the policy.
    """

    git: Git
    policy: Policy
    base: str
    head: str
    files: tuple[ChangedFile, ...]
    policy_changed: bool

    def lines_at(self, revision: str, path: str) -> list[tuple[Provenance, Place]]:
        """Each line that the file at *path* had in *revision*, and where it was written."""
        hunks = blame_hunks.Hunks.of(blame_hunks.parse(self.git.blame(path, revision)))
        runs = Decisions(self.git, self.policy, [hunks]).decide(hunks)
        lines = [decision.provenance for decision, count in runs for _ in range(count)]
        places = [
            Place(hunk.commit, hunk.path, hunk.original + offset)
            for hunk in hunks
            for offset in range(hunk.count)
        ]
        return list(zip(lines, places, strict=True))

    def functions_at(self, revision: str, path: str) -> list[Function]:
        """The functions of the file at *path* in *revision*; none if Python can't parse it."""
        try:
            return functions(self.git.run("cat-file", "blob", f"{revision}:{path}"))
        except (SyntaxError, ValueError, RecursionError):
            return []

    def hunks_of(self, commit: str, path: str) -> tuple[str | None, tuple[Hunk, ...]]:
        """The path that the file at *path* had before *commit*, and what that replaced in it."""
        only_first = ("--first-parent", "--diff-merges=first-parent")
        files = read_patch(
            self.git, "show", "--format=", *only_first, *_PATCH, commit, paths=_PATHS
        )
        return next(((file.old, file.hunks) for file in files if file.new == path), (None, ()))


def read_change(start: Path, base: str) -> Change:
    """
    The change of the work tree that *start* is in, since its branch left *base*.

    Raises:
        HistoryError: *base* is not a commit of this clone, or has no history in common.
        PolicyError: the policy can't be used.
    """
    git = Git.open(start)
    policy = apply_policy(git)
    fork = _fork(git, base)
    diffs = read_diff(git, fork)
    changed = {file.new: file for file in diffs if any(hunk.added for hunk in file.hunks)}
    tree = source_files.list_source_files(git, policy)
    files = [file for file in tree.files if file.path in changed]
    attributed = attribute.attribute_files(git, policy, files)
    if attributed.unreadable:
        raise attributed.error(git.root)
    return Change(
        git,
        policy,
        fork,
        git.head(),
        tuple(
            ChangedFile(source, changed[source.path].old, changed[source.path].hunks)
            for source in attributed.sources()
        ),
        any("pyproject.toml" in {file.old, file.new} for file in diffs),
    )


def read_diff(git: Git, *revisions: str) -> list[FilePatch]:
    """The Python files, and pyproject.toml, that differ between *revisions*."""
    return read_patch(git, "diff", *_PATCH, *revisions, paths=_PATHS)


def untracked_files(git: Git) -> list[str]:
    """The Python files of the work tree that git neither tracks nor ignores: no change has them."""
    names = git.run("ls-files", "-z", "--others", "--exclude-standard").split(b"\0")
    return [path for path in map(os.fsdecode, names) if path.endswith(source_files.SUFFIXES)]


def _fork(git: Git, base: str) -> str:
    """The newest commit that the work tree and *base* have in common."""
    commit = resolve_commit(git, base)
    status, output, _ = git.try_run("merge-base", commit, "HEAD")
    if status:
        msg = (
            f"{base} and HEAD have no commit in common in this clone; fetch the history with "
            "`git fetch --unshallow`"
        )
        raise HistoryError(msg)
    return output.decode("ascii").strip()
