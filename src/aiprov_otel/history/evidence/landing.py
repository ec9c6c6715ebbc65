"""What a merge, or the description of a pull request, adds to the commits that it brought in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from aiprov_otel.errors import HistoryError
from aiprov_otel.format import short_hash
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.branches import branch_mark
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.pull_requests_export import Export
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.pull_requests import find_branch, find_numbers
from aiprov_otel.history.git.repository import Git


def find_landing_marks(
    git: Git,
    commits: Mapping[str, Commit],
    merges: Iterable[Commit],
    export: Export | None,
    table: Table,
) -> dict[str, list[Mark]]:
    """By commit, the marks of the *merges* that brought *commits* in, and of their requests."""
    found: dict[str, list[Mark]] = defaultdict(list)
    for name, commit in commits.items():
        if len(commit.parents) < 2:
            found[name] += _marks(commit, export, table)
    for merge in merges:
        if marks := list(_marks(merge, export, table)):
            for name in _brought_in(git, merge, commits):
                found[name] += marks
    return {name: marks for name, marks in found.items() if marks}


def _marks(commit: Commit, export: Export | None, table: Table) -> Iterator[Mark]:
    described = export.find(commit.id, find_numbers(commit)) if export else ()
    yield from described
    branch = find_branch(commit)
    mark = branch_mark(branch, f"commit {short_hash(commit.id)}", table) if branch else None
    if mark and not any(one.evidence is mark.evidence for one in described):
        yield mark


def _brought_in(git: Git, merge: Commit, commits: Collection[str]) -> Iterator[str]:
    """Those of *commits* that *merge* added to the history of its first parent."""
    first, *others = merge.parents
    try:
        listed = git.run("rev-list", *others, f"^{first}").decode("ascii")
    except HistoryError:  # a shallow or partial clone lacks one of them
        return
    yield from (name for name in (merge.id, *listed.split()) if name in commits)
