"""The commits that say AI, and the files that may hold lines of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from aiprov_otel.history.evidence import commit_message
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.sources import Records
from aiprov_otel.history.git import objects
from aiprov_otel.history.git.diff_tree import Edge
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.pull_requests import Pulls, own_commits
from aiprov_otel.history.git.repository import Git

_AT_ONCE: Final = 1_000  # the messages of so many commits are held in memory


def read(git: Git, names: Sequence[str], table: Table) -> Iterator[tuple[Commit, list[Mark]]]:
    """
    The commits *names* with their marks; one that is missing is left out.

    Of the message of one without marks there is the first line alone: there are many of them.
    """
    for position in range(0, len(names), _AT_ONCE):
        some = objects.parse_batch(git.objects(names[position : position + _AT_ONCE]))
        for commit in some.values():
            found = commit_message.find(commit, table)
            yield commit if found else replace(commit, message=commit.lines[0]), found


def find(git: Git, names: Sequence[str], table: Table) -> set[str]:
    """Those of the commits *names* that have a mark, or a record, or are the squash of such."""
    records = Records(git)
    pulls = Pulls(git) if records else None
    found, squashed = set(), {}
    for commit, said in read(git, names, table):
        if commit.id in records.commits or any(mark.evidence for mark in said):
            found.add(commit.id)
        elif pulls:
            squashed.update(pulls.squashed({commit.id: commit}))
    own = own_commits(git, squashed.values()) if squashed else {}
    return found | {name for name, pull in squashed.items() if own[pull.head] & records.commits}


def touched(edges: Iterable[Edge], marked: AbstractSet[str]) -> dict[str, str]:
    """
    By path, the first of the commits *marked* that may have written lines of that file.

    *edges* come oldest first, parents before their children. Names are followed: where a commit
    deletes such a file, each file that it adds may be that one. That is more than git takes for
    renames, never less.
    """
    order: dict[str, int] = {}
    oldest: dict[str, str] = {}
    for edge in edges:
        order.setdefault(edge.commit, len(order))
        added = [change.path for change in edge.changes if change.status == "A"]
        gone = [c.path for c in edge.changes if c.status == "D" and c.path in oldest]
        if gone:
            first = min((oldest[path] for path in gone), key=order.__getitem__)
            for path in added:
                oldest[path] = min(first, oldest.get(path, first), key=order.__getitem__)
        if edge.commit in marked:
            for change in edge.changes:
                oldest.setdefault(change.path, edge.commit)
    return oldest
