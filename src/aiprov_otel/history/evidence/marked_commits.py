"""The commits that are marked as AI, and the files that may hold lines of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark, find_marks
from aiprov_otel.history.evidence.kept import pack_mark, unpack_mark
from aiprov_otel.history.git import objects, pull_requests
from aiprov_otel.history.git.diff_tree import Edge
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git


def read_commits(
    git: Git, names: Sequence[str], table: Table, known: MutableMapping[str, list[Any]]
) -> Iterator[tuple[Commit, list[Mark]]]:
    """
    The commits *names* with their marks; missing ones are left out.

    Marks that are in *known* need not be found, and the others are added to it. A commit without
    marks keeps only the first line of its message, if that is all that counts: there are many.
    """
    for output in git.objects(names):
        for name, commit in objects.parse_commits([output]).items():
            if name in known:
                marks = list(map(unpack_mark, known[name]))
            else:
                marks = find_marks(commit, table)
                known[name] = list(map(pack_mark, marks))
            whole = marks or pull_requests.is_named_below(commit)
            yield commit if whole else commit._replace(message=commit.lines[0]), marks


def oldest_by_path(edges: Iterable[Edge], marked: AbstractSet[str]) -> dict[str, str]:
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
        deleted = [c.path for c in edge.changes if c.status == "D" and c.path in oldest]
        if deleted:
            first = min((oldest[path] for path in deleted), key=order.__getitem__)
            for path in added:
                oldest[path] = min(first, oldest.get(path, first), key=order.__getitem__)
        if edge.commit in marked:
            for change in edge.changes:
                oldest.setdefault(change.path, edge.commit)
    return oldest
