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
class PullRequest:
    """A pull request: its *ref*, and the commit at its *head*."""

    ref: str
    head: str


class PullRequests:
    """The pull requests of a repository, by number and by the tree of their heads."""

    def __init__(self, git: Git) -> None:
        self._by_number: dict[str, PullRequest] = {}
        self._by_tree: dict[str, PullRequest] = {}
        for ref, head, tree in _list_heads(git):
            request = PullRequest(ref, head)
            self._by_number.setdefault(ref.split("/")[2], request)
            self._by_tree.setdefault(tree, request)

    def match_squashes(self, commits: Mapping[str, Commit]) -> dict[str, PullRequest]:
        """The request that each of *commits* is the squash of; other commits are left out."""
        pairs = ((name, self._match(commit)) for name, commit in commits.items())
        return {name: request for name, request in pairs if request and request.head != name}

    def _match(self, commit: Commit) -> PullRequest | None:
        if len(commit.parents) != 1:
            return None
        # "Revert "Add it (#1)" (#2)" is of the last one.
        numbers = reversed(_NUMBER.findall(commit.lines[0]))
        by_number = next((row for n in numbers if (row := self._by_number.get(n))), None)
        return by_number or self._by_tree.get(commit.tree)


def own_commits(git: Git, requests: Iterable[PullRequest]) -> dict[str, set[str]]:
    """By head, the commits of each of *requests* that the history of `HEAD` does not have."""
    heads = sorted({request.head for request in requests})
    listed = git.run(
        "rev-list", "--parents", "--stdin", stdin="\n".join((*heads, f"^{git.head()}")).encode()
    )
    lines = (line.split(" ") for line in listed.decode("ascii").splitlines())
    parents = {name: row for name, *row in lines}
    return {head: _ancestors(head, parents) for head in heads}


def _ancestors(head: str, parents: Mapping[str, Iterable[str]]) -> set[str]:
    """*head* and its ancestors among the keys of *parents*."""
    ancestors: set[str] = set()
    waiting = [head]
    while waiting:
        name = waiting.pop()
        if name in parents and name not in ancestors:
            ancestors.add(name)
            waiting.extend(parents[name])
    return ancestors


def _list_heads(git: Git) -> list[tuple[str, str, str]]:
    """The ref of each request, its commit and that commit's tree."""
    form = "--format=%(objectname) %(tree) %(refname)"
    try:
        output = git.run("for-each-ref", form, *PATTERNS)
    except HistoryError:  # a ref whose object is missing
        return []
    lines = output.decode("utf-8", "surrogateescape").split("\n")[:-1]
    words = (line.split(" ", 2) for line in lines)
    return [(ref, head, tree) for head, tree, ref in words if tree]
