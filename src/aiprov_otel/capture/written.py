"""What a commit wrote: the lines of each file that none of its parents has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from aiprov_otel.capture import lines
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.git.objects import parse_contents
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


_OPTIONS: Final = (
    "-r", "-p", "-U0", "-M", "--no-commit-id", "--no-color", "--no-ext-diff", "--no-textconv",
)  # fmt: skip
_HUNK: Final = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def _diff(git: Git, revisions: Sequence[str]) -> dict[str, Written]:
    output = git.run("diff-tree", *_OPTIONS, *revisions)
    files: dict[str, Written] = {}
    rows = output.split(b"\n")
    index, path, former = 0, "", None
    while index < len(rows):
        row = rows[index]
        index += 1
        if row.startswith(b"diff --git "):
            path, former = "", None
        elif row.startswith(b"rename from "):
            former = _name(row.removeprefix(b"rename from "))
        elif row.startswith(b"+++ "):
            path = _name(row[4:]).removeprefix("b/")
        elif path and (match := _HUNK.match(row)):
            removed, first, count = int(match[1] or 1), int(match[2]), int(match[3] or 1)
            index += removed + count
            known = files[path].added if path in files else frozenset()
            files[path] = Written(former, known.union(range(first - 1, first - 1 + count)))
    return files


def _name(name: bytes) -> str:
    return os.fsdecode(blame_hunks.unquote(name.removesuffix(b"\t")))


def contents(git: Git, commit: str, paths: Iterable[str]) -> dict[str, list[bytes] | None]:
    """The lines of each of the files *paths* in *commit*; None for one that can't be read."""
    names = [path for path in paths if "\n" not in path]
    contents = parse_contents(git.objects(f"{commit}:{path}" for path in names))
    found = {
        path: None if content is None or b"\0" in content[:8000] else lines.split(content)
        for path, content in zip(names, contents, strict=True)
    }
    return {path: found.get(path) for path in paths}
