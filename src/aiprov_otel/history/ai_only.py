"""The lines of marked commits, and of them alone: blames only files that can have some."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from aiprov_otel.errors import UsageError
from aiprov_otel.history import blame, graph, marked, passing, reading, splice
from aiprov_otel.history.agents import Table
from aiprov_otel.history.blame import Hunk
from aiprov_otel.history.git import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.reading import Progress, Reading
from aiprov_otel.history.tree import TrackedFile


def read(
    git: Git, policy: Policy, files: Sequence[TrackedFile], progress: Progress | None = None
) -> Reading:
    """
    Decide about each line of *files*: exactly where a marked commit wrote it, else by policy alone.

    Raises:
        UsageError: lines that were moved are to be followed.
    """
    if git.follows_moves:
        msg = "--ai-only can't follow moved lines; leave --moves and `moves` of [tool.aiprov] out"
        raise UsageError(msg)
    lineage = _lineage(git, policy)
    deep = sum(file.source in lineage.bottoms for file in files)
    with graph.beside(git, lineage.head, deep):
        return reading.read(git, policy, files, progress, lineage)


class OfMarked:
    """
    Says which lines come from the commits *names*.

    Each path in *bottoms* is blamed, and no further back than the commits that it stands with.
    """

    def __init__(
        self, git: Git, head: str, names: AbstractSet[str], bottoms: Mapping[str, Sequence[str]]
    ) -> None:
        self.head = head
        self.bottoms = bottoms
        self._git = git
        self._names = names | {"0" * len(head)}

    def committed(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file that is at *path* in `head`; they may go on beyond its end."""
        if path not in self.bottoms:
            return [Hunk(blame.UNASKED, 1, sys.maxsize, 1, path)]
        excluded = (f"^{commit}" for commit in self.bottoms[path])
        return self._masked(path, *excluded, self.head)

    def anew(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file as it is in the work tree, by git alone."""
        return self._masked(path)

    def _masked(self, path: str, *revisions: str) -> Sequence[Hunk]:
        hunks = blame.parse(self._git.blame(path, *revisions))
        return list(splice.joined(self._mask(hunks, path)))

    def _mask(self, hunks: Iterable[Hunk], path: str) -> Iterator[Hunk]:
        for hunk in hunks:
            known = hunk.commit in self._names
            yield hunk if known else Hunk(blame.UNASKED, hunk.first, hunk.count, hunk.first, path)


def _lineage(git: Git, policy: Policy) -> OfMarked:
    head = git.head()
    rows = git.commits(head)[::-1]
    parents = {commit: those for commit, *those in rows}
    # What is older than a shallow clone is unknown, not unmarked.
    names = {*marked.find(git, list(parents), Table(policy.extra_agents)), *git.boundaries()}
    first = next((index for index, row in enumerate(rows) if row[0] in names), len(rows))
    oldest = marked.touched(passing.edges(git, rows[first:]), names)
    bottoms = {path: parents[commit] for path, commit in oldest.items()}
    return OfMarked(git, head, names, bottoms)
