"""The paths that commits changed, and the files that they left alone, as blame sees it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from aiprov_otel.history.git.repository import Git

_BATCH: Final = 500  # commits whose differences are held in memory


class Change(NamedTuple):
    """
    One path that differs between a commit and one of its parents.

    Attributes:
        path: relative to the root.
        status: `A` added, `D` deleted, `M` content changed, `T` type of file changed.
    """

    path: str
    status: str


class Edge(NamedTuple):
    """A *commit*, one *parent* of it, and the *changes* between them."""

    commit: str
    parent: str
    changes: tuple[Change, ...]


def read_edges(git: Git, rows: Iterable[tuple[str, ...]]) -> Iterator[Edge]:
    """The edges of each commit in *rows*, which holds a commit and its parents, in that order."""
    pairs = [(commit, parent) for commit, *parents in rows for parent in parents or [""]]
    for position in range(0, len(pairs), _BATCH):
        batch = pairs[position : position + _BATCH]
        yield from parse_edges(batch, _diff(git, batch))


def _diff(git: Git, pairs: Iterable[tuple[str, str]]) -> bytes:
    """The differences between each commit and the parent in its pair, "" for none."""
    stdin = "".join(f"{commit} {parent}".rstrip() + "\n" for commit, parent in pairs).encode()
    options = ("--raw", "-r", "-z", "--always", "--root", "--no-renames", "--stdin")
    return git.run("diff-tree", *options, stdin=stdin)


def parse_edges(pairs: Iterable[tuple[str, str]], output: bytes) -> Iterator[Edge]:
    """
    The edges in the *output* of `diff-tree --stdin --raw -z --always`.

    *pairs* are the commits and parents of its input, in that order.
    """
    words = output.split(b"\0")
    position = 0
    for commit, parent in pairs:
        position += 1  # its own hash
        changes: list[Change] = []
        while words[position].startswith(b":"):
            changes += _parse_change(words[position], words[position + 1])
            position += 2
        yield Edge(commit, parent, tuple(changes))


def _parse_change(header: bytes, path: bytes) -> Iterator[Change]:
    _, _, before, after, status = header.split(b" ")
    if before != after or status != b"M":  # else only the mode changed
        yield Change(os.fsdecode(path), status.decode("ascii"))


def unchanged_paths(edges: Iterable[Edge], top: str, base: str, paths: Iterable[str]) -> set[str]:
    """
    Those of *paths* that blame passes whole from *top* on to *base*.

    *edges* are those of the commits between them, children before their parents. At each commit
    blame passes a file to the first parent that has it with the same content. That is not the
    same as having the same content in *base*: a revert restores the content, and a branch may
    have kept it while *base* changed it to and fro.
    """
    passed = {top: set(paths)}
    for edge in edges:
        here = passed.get(edge.commit, set())
        # What this parent lacks is passed to the next one.
        passed[edge.commit] = here & {change.path for change in edge.changes}
        here -= passed[edge.commit]
        passed[edge.parent] = here | passed[edge.parent] if edge.parent in passed else here
    return passed.get(base, set())
