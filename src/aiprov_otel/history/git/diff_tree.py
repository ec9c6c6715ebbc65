"""What commits did to paths, and which files they left as they were, as blame sees it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from aiprov_otel.history.git.repository import Git

_AT_ONCE: Final = 500  # the differences of so many commits are held in memory


@dataclass(frozen=True, slots=True)
class Change:
    """
    One path that differs between a commit and one of its parents.

    Attributes:
        path: relative to the root.
        status: `A` added, `D` deleted, `M` another content, `T` another type of file.
    """

    path: str
    status: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A *commit*, one *parent* of it, and what it *changes* of it."""

    commit: str
    parent: str
    changes: tuple[Change, ...]


def edges(git: Git, rows: Iterable[tuple[str, ...]]) -> Iterator[Edge]:
    """Those of each commit in *rows*, which stands before its parents, in that order."""
    pairs = [(commit, parent) for commit, *parents in rows for parent in parents or [""]]
    for position in range(0, len(pairs), _AT_ONCE):
        some = pairs[position : position + _AT_ONCE]
        yield from parse(some, _differences(git, some))


def _differences(git: Git, pairs: Iterable[tuple[str, str]]) -> bytes:
    """What differs between each commit and the parent that it stands with, "" for none."""
    stdin = "".join(f"{commit} {parent}".rstrip() + "\n" for commit, parent in pairs).encode()
    how = ("--raw", "-r", "-z", "--always", "--root", "--no-renames", "--stdin")
    return git.run("diff-tree", *how, stdin=stdin)


def parse(pairs: Iterable[tuple[str, str]], output: bytes) -> Iterator[Edge]:
    """
    The edges that the output of `diff-tree --stdin --raw -z --always` is about.

    *pairs* are the commits and parents that it was asked about, in that order.
    """
    words = output.split(b"\0")
    position = 0
    for commit, parent in pairs:
        position += 1  # its own hash
        changes: list[Change] = []
        while words[position].startswith(b":"):
            changes += _changes(words[position], words[position + 1])
            position += 2
        yield Edge(commit, parent, tuple(changes))


def _changes(about: bytes, path: bytes) -> Iterator[Change]:
    _, _, before, after, status = about.split(b" ")
    if before != after or status != b"M":  # else it is the mode alone that changed
        yield Change(os.fsdecode(path), status.decode("ascii"))


def unchanged(edges: Iterable[Edge], top: str, base: str, paths: Iterable[str]) -> set[str]:
    """
    Those of *paths* that blame passes whole from *top* on to *base*.

    *edges* are those of the commits between them, children before their parents. At each commit
    blame passes a file to the first parent that has it with the same content. That is not the
    same as having the same content in *base*: a revert restores the content, and a branch may
    have kept it while *base* changed it to and fro.
    """
    held = {top: set(paths)}
    for edge in edges:
        here = held.get(edge.commit, set())
        # The next parent is asked about what this one has not.
        held[edge.commit] = here & {change.path for change in edge.changes}
        here -= held[edge.commit]
        held[edge.parent] = here | held[edge.parent] if edge.parent in held else here
    return held.get(base, set())
