"""From the hunks of blame to a decision for each line: what stands between git and attribution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiprov_otel.history import attribution, blame, commits, marks
from aiprov_otel.history.agents import Table
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.blame import Hunk
from aiprov_otel.history.git import Git
from aiprov_otel.history.policy import Policy


class Decisions:
    """What is said of the lines of *hunks*; everything that git has to be asked is asked once."""

    def __init__(self, git: Git, policy: Policy, hunks: Iterable[Hunk]) -> None:
        self._policy = policy
        self._table = Table(policy.extra_agents)
        self._boundaries = git.boundaries()
        names = sorted({hunk.commit for hunk in hunks})
        known = _commits(git, [name for name in names if not blame.uncommitted(name)])
        self._of_commit = {name: self._decide(name, known.get(name)) for name in names}

    def of(self, hunk: Hunk) -> Iterator[tuple[Decision, int]]:
        """The decisions about the lines of *hunk*, in order, each with how many it is about."""
        yield self._of_commit[hunk.commit], hunk.count

    def _decide(self, name: str, commit: commits.Commit | None) -> Decision:
        if name == blame.NOBODY:
            return attribution.UNBLAMED
        if blame.uncommitted(name):
            return attribution.UNCOMMITTED
        if name in self._boundaries:
            return attribution.BOUNDARY
        if commit is None:
            return attribution.MISSING
        return attribution.decide(commit, marks.find(commit, self._table), self._policy)


def _commits(git: Git, names: list[str]) -> dict[str, commits.Commit]:
    return commits.parse_batch(git.objects(names)) if names else {}
