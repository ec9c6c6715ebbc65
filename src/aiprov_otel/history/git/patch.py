"""Patches without context: printed by git alike for every repository and user, and parsed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from aiprov_otel.history.blame.hunks import unquote
from aiprov_otel.history.git.repository import Git

ALIKE: Final = (
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    f"-O{os.devnull}",
    "-l1000",
    "--diff-algorithm=default",
)
"""
The options of each patch: attributes, drivers and settings that newer gits know change nothing.

`--text` is not one of them: it prints what attributes hide, and whole videos too.
"""


class Hunk(NamedTuple):
    """
    The lines *removed* (old numbers) from one place of a file, and those *added* (new ones).

    Of a side without a line, the range is empty and begins at the line before.
    """

    removed: range
    added: range


class FilePatch(NamedTuple):
    """
    What a patch does to one file.

    Attributes:
        old: its path before; None for a new file.
        new: its path afterwards; None for one that was removed.
        hunks: what was replaced by what; none if it only got another name.
    """

    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...]


def read_patch(git: Git, verb: str, *arguments: str, paths: Sequence[str] = ()) -> list[FilePatch]:
    """
    The files that `git verb` (`diff`, `diff-tree`, `show`) prints as changed.

    *paths* are patterns, such as `*.py`: without any, all files count.

    Raises:
        HistoryError: git failed.
    """
    options = ("--no-literal-pathspecs", verb, "--unified=0", *ALIKE)
    return list(parse(git.run(*options, *arguments, "--", *paths)))


_FILE: Final = re.compile(rb"^diff --git ", re.MULTILINE)
_NAMES: Final = re.compile(rb"^--- (.*?)\t?\n\+\+\+ (.*?)\t?$", re.MULTILINE)
_RENAMED: Final = re.compile(rb"^rename from (.*)\nrename to (.*)$", re.MULTILINE)
_HUNK: Final = re.compile(
    rb"^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@", re.MULTILINE
)


def parse(output: bytes) -> Iterator[FilePatch]:
    """The files that lines or names of the *output* differ in: no modes, nothing binary."""
    for part in _FILE.split(output)[1:]:
        head, mark, body = part.partition(b"\n@@ ")
        if names := _NAMES.search(head):
            old, new = map(_path, names.groups())
            yield FilePatch(old, new, tuple(parse_hunks(mark + body)))
        elif names := _RENAMED.search(head):
            old, new = (os.fsdecode(unquote(name)) for name in names.groups())
            yield FilePatch(old, new, ())


def parse_hunks(output: bytes) -> Iterator[Hunk]:
    """The hunks in the *output* about one file."""
    for match in _HUNK.finditer(output):
        old, removed, new, added = (int(number or 1) for number in match.groups())
        yield Hunk(range(old, old + removed), range(new, new + added))


def _path(name: bytes) -> str | None:
    plain = unquote(name)
    return None if plain == b"/dev/null" else os.fsdecode(plain[2:])
