"""Pull requests, as far as a forge keeps their commits under refs of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git

PATTERNS: Final = (
    "refs/pull/*/head",
    "refs/pull-requests/*/from",
    "refs/merge-requests/*/head",
)
_NUMBER: Final = re.compile(r"\([^()]*[#!](\d{1,9})\)")


@dataclass(frozen=True, slots=True)
class Pull:
    """A request: its *ref*, and the *head* that this leads to."""

    ref: str
    head: str


class Pulls:
    """The requests of a repository, by number and by what their heads hold."""

    def __init__(self, git: Git) -> None:
        self._by_number: dict[str, Pull] = {}
        self._by_tree: dict[str, Pull] = {}
        for ref, head, tree in _listed(git):
            pull = Pull(ref, head)
            self._by_number.setdefault(ref.split("/")[2], pull)
            self._by_tree.setdefault(tree, pull)

    def squashed(self, commits: Mapping[str, Commit]) -> dict[str, Pull]:
        """The request that each of *commits* is the squash of; one that is none is left out."""
        found = ((name, self._of(commit)) for name, commit in commits.items())
        return {name: pull for name, pull in found if pull and pull.head != name}

    def _of(self, commit: Commit) -> Pull | None:
        if len(commit.parents) != 1:
            return None
        # "Revert "Add it (#1)" (#2)" is of the last one.
        numbers = reversed(_NUMBER.findall(commit.lines[0]))
        named = next((pull for n in numbers if (pull := self._by_number.get(n))), None)
        return named or self._by_tree.get(commit.tree)


def own_commits(git: Git, pulls: Iterable[Pull]) -> dict[str, set[str]]:
    """By head, the commits of each of *pulls* that are not in the history of what is built."""
    heads = sorted({pull.head for pull in pulls})
    listed = git.run(
        "rev-list", "--parents", "--stdin", stdin="\n".join((*heads, f"^{git.head()}")).encode()
    )
    lines = (line.split(" ") for line in listed.decode("ascii").splitlines())
    parents = {name: those for name, *those in lines}
    return {head: _reached(head, parents) for head in heads}


def _reached(head: str, parents: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [head]
    while waiting:
        name = waiting.pop()
        if name in parents and name not in found:
            found.add(name)
            waiting.extend(parents[name])
    return found


def _listed(git: Git) -> list[list[str]]:
    form = "--format=%(objectname) %(tree) %(refname)"
    try:
        output = git.run("for-each-ref", form, *PATTERNS)
    except HistoryError:  # a ref that leads to nothing
        return []
    lines = output.decode("utf-8", "surrogateescape").split("\n")[:-1]
    words = (line.split(" ", 2) for line in lines)
    return [[ref, head, tree] for head, tree, ref in words if tree]
