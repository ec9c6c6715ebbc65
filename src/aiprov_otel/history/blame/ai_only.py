"""Finds the lines of marked commits only: blames just the files that can have some."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from aiprov_otel.errors import UsageError
from aiprov_otel.history import attribute
from aiprov_otel.history.attribute import Attribution
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.blame.files import Progress
from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.history.evidence import marked_commits, through_requests
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.git import commit_graph, diff_tree
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.source_files import TrackedFile


def attribute_files(
    git: Git, policy: Policy, files: Sequence[TrackedFile], progress: Progress | None = None
) -> Attribution:
    """
    Decides about each line of *files*: exactly where a marked commit wrote it, else by policy.

    Raises:
        UsageError: moved lines are to be followed.
    """
    if git.follows_moves:
        msg = "--ai-only can't follow moved lines; leave out -M, -C and `moves` of [tool.aiprov]"
        raise UsageError(msg)
    rows = git.commits(git.head())[::-1]
    marked = through_requests.find_marked(git, [row[0] for row in rows], Table(policy.extra_agents))
    # What is older than a shallow clone is unknown, not unmarked.
    strategy = MarkedOnlyBlame(git, rows, marked | git.boundaries)
    deep = sum(file.source in strategy.oldest for file in files)
    with commit_graph.temporary_graph(git, strategy.head, deep):
        return attribute.attribute_files(git, policy, files, progress, strategy)


class MarkedOnlyBlame:
    """
    Finds the lines of the commits *names*; *rows* are all commits with parents, parents first.

    Attributes:
        head: full hash of the commit that is checked out.
        oldest: by path, the first of *names* that can have written lines of that file.
    """

    def __init__(self, git: Git, rows: Sequence[tuple[str, ...]], names: AbstractSet[str]) -> None:
        first = next((index for index, row in enumerate(rows) if row[0] in names), len(rows))
        self.head = git.head()
        self.oldest = marked_commits.oldest_by_path(diff_tree.read_edges(git, rows[first:]), names)
        self._git = git
        self._parents = {commit: parents for commit, *parents in rows if commit in names}
        self._age = {row[0]: age for age, row in enumerate(rows) if row[0] in names}

    def is_cached(self, path: str) -> bool:
        """Whether `blame_head` knows the file at *path* without starting git."""
        return path not in self.oldest

    def blame_head(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file at *path* in `head`; they may extend beyond its end."""
        if path not in self.oldest:
            return [Hunk(blame_hunks.UNMARKED, 1, sys.maxsize, 1, path)]
        excluded = (f"^{commit}" for commit in self._parents[self.oldest[path]])
        return self._blame(path, self._age[self.oldest[path]], *excluded, self.head)

    def blame_work_tree(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file as it is in the work tree, by git alone."""
        return self._blame(path, 0)

    def _blame(self, path: str, age: int, *revisions: str) -> Sequence[Hunk]:
        hunks = blame_hunks.parse(self._git.blame(path, *revisions))
        return list(blame_hunks.join(self._mask(hunks, path, age)))

    def _mask(self, hunks: Iterable[Hunk], path: str, age: int) -> Iterator[Hunk]:
        """*hunks*, with `UNMARKED` for those that no marked commit of that *age* wrote."""
        for hunk in hunks:
            # Where blame had to stop it names the commit that it stopped at, which is an older
            # one and may be marked for what it did elsewhere.
            known = self._age.get(hunk.commit, -1) >= age or blame_hunks.is_uncommitted(hunk.commit)
            yield (
                hunk
                if known
                else Hunk(blame_hunks.UNMARKED, hunk.first, hunk.count, hunk.first, path)
            )
