"""The lines of marked commits, and of them alone: blames only files that can have some."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from aiprov_otel.errors import UsageError
from aiprov_otel.history import attribute
from aiprov_otel.history.attribute import Reading
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.blame.files import Progress
from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.history.evidence import marked_commits
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.git import commit_graph, diff_tree, repository
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.source_files import TrackedFile


def read(
    git: Git, policy: Policy, files: Sequence[TrackedFile], progress: Progress | None = None
) -> Reading:
    """
    Decide about each line of *files*: exactly where a marked commit wrote it, else by policy alone.

    Raises:
        UsageError: lines that were moved are to be followed.
    """
    if git.follows_moves:
        msg = "--ai-only can't follow moved lines; leave out -M, -C and `moves` of [tool.aiprov]"
        raise UsageError(msg)
    rows = git.commits(git.head())[::-1]
    found = marked_commits.find(git, [row[0] for row in rows], Table(policy.extra_agents))
    # What is older than a shallow clone is unknown, not unmarked.
    lineage = OfMarked(git, rows, found | repository.boundaries(git))
    deep = sum(file.source in lineage.oldest for file in files)
    with commit_graph.beside(git, lineage.head, deep):
        return attribute.read(git, policy, files, progress, lineage)


class OfMarked:
    """
    Says which lines come from the commits *names*, by the *rows* of all, parents first.

    Attributes:
        head: the commit that it is about.
        oldest: by path, for the files that can have such lines, the first of those commits that
            can have written some.
    """

    def __init__(self, git: Git, rows: Sequence[tuple[str, ...]], names: AbstractSet[str]) -> None:
        first = next((index for index, row in enumerate(rows) if row[0] in names), len(rows))
        self.head = git.head()
        self.oldest = marked_commits.touched(diff_tree.edges(git, rows[first:]), names)
        self._git = git
        self._parents = {commit: those for commit, *those in rows if commit in names}
        self._age = {row[0]: age for age, row in enumerate(rows) if row[0] in names}

    def at_hand(self, path: str) -> bool:
        """Whether `committed` knows the file at *path* without asking git."""
        return path not in self.oldest

    def committed(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file that is at *path* in `head`; they may go on beyond its end."""
        if path not in self.oldest:
            return [Hunk(blame_hunks.UNASKED, 1, sys.maxsize, 1, path)]
        excluded = (f"^{commit}" for commit in self._parents[self.oldest[path]])
        return self._masked(path, self._age[self.oldest[path]], *excluded, self.head)

    def anew(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file as it is in the work tree, by git alone."""
        return self._masked(path, 0)

    def _masked(self, path: str, age: int, *revisions: str) -> Sequence[Hunk]:
        hunks = blame_hunks.parse(self._git.blame(path, *revisions))
        return list(blame_hunks.joined(self._mask(hunks, path, age)))

    def _mask(self, hunks: Iterable[Hunk], path: str, age: int) -> Iterator[Hunk]:
        for hunk in hunks:
            # Where blame had to stop it names the commit that it stopped at, which is an older
            # one and may be marked for what it did elsewhere.
            known = self._age.get(hunk.commit, -1) >= age or blame_hunks.uncommitted(hunk.commit)
            yield (
                hunk
                if known
                else Hunk(blame_hunks.UNASKED, hunk.first, hunk.count, hunk.first, path)
            )
