"""What a commit wrote: the lines of each file that none of its parents has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from aiprov_otel.capture import lines
from aiprov_otel.history.git.objects import parse_contents
from aiprov_otel.history.git.patch import read_patch
from aiprov_otel.history.git.repository import Git


class Written(NamedTuple):
    """
    A file of a commit.

    Attributes:
        former: the name that it had in the parent, where it was renamed.
        added: the numbers of the lines, from 0, that none of the parents has.
    """

    former: str | None
    added: frozenset[int]


def written(git: Git, commit: str, parents: Sequence[str]) -> dict[str, Written]:
    """The files of *commit* with lines that none of its *parents* has."""
    diffs = [_diff(git, (parent, commit)) for parent in parents]
    first, *others = diffs or [_diff(git, ("--root", commit))]
    for other in others:
        first = {
            path: Written(file.former, file.added & other[path].added)
            for path, file in first.items()
            if path in other
        }
    return {path: file for path, file in first.items() if file.added}


def _diff(git: Git, revisions: Sequence[str]) -> dict[str, Written]:
    return {
        file.new: Written(
            file.old if file.old != file.new else None,
            frozenset(line - 1 for hunk in file.hunks for line in hunk.added),
        )
        for file in read_patch(git, "diff-tree", "-r", "-p", "-M", "--no-commit-id", *revisions)
        if file.new
    }


def contents(git: Git, commit: str, paths: Iterable[str]) -> dict[str, list[bytes] | None]:
    """The lines of each of the files *paths* in *commit*; None for one that can't be read."""
    names = [path for path in paths if "\n" not in path]
    contents = parse_contents(git.objects(f"{commit}:{path}" for path in names))
    found = {
        path: None if content is None or b"\0" in content[:8000] else lines.split(content)
        for path, content in zip(names, contents, strict=True)
    }
    return {path: found.get(path) for path in paths}
