"""From the hunks of blame to a decision for each line: what stands between git and attribution."""

from __future__ import annotations

from collections.abc import Iterable

from aiprov_otel.history import attribution, clone
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.blame import hunks
from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.history.evidence import marked_commits
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.sources import Records, statements
from aiprov_otel.history.evidence.squash_recovery import recover
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy


class Decisions:
    """
    What is said of the lines of *hunks*; everything that git has to be asked is asked once.

    Attributes:
        lacking: how many records are not in this partial clone.
    """

    def __init__(self, git: Git, policy: Policy, hunks: Iterable[Hunk]) -> None:
        self._policy = policy
        self._boundaries = clone.boundaries(git)
        places = {(hunk.commit, hunk.path) for hunk in hunks}
        self._commits, self._marks = _read(git, policy, {name for name, _ in places})
        records = Records(git)
        self.lacking = records.lacking
        recovered = recover(git, records, self._commits, places)
        self._records = [*records.of(self._commits), recovered]
        self._known: dict[tuple[str, tuple[Mark, ...]], Decision] = {}
        recorded = {name for by_commit in self._records for name in by_commit}
        # Of most commits no record tells, and all their lines are decided alike.
        self._plain = {name: self._decision(name, ()) for name, _ in places if name not in recorded}

    def of(self, hunks: Iterable[Hunk], tag: Mark | None = None) -> list[tuple[Decision, int]]:
        """
        The decisions about the lines of *hunks*, in order, each with how many it is about.

        *tag* is what their file says of itself.
        """
        tags = (tag,) if tag and self._policy.markers else ()
        plain = {} if tags else self._plain
        found: list[tuple[Decision, int]] = []
        for hunk in hunks:
            if known := plain.get(hunk.commit):
                found.append((known, hunk.count))
                continue
            for said, count in statements(self._records, hunk):
                found.append((self._decision(hunk.commit, (*said, *tags)), count))
        return found

    def _decision(self, name: str, said: tuple[Mark, ...]) -> Decision:
        """One and the same for each line of the commit *name* of which the same is *said*."""
        if (decision := self._known.get((name, said))) is None:
            decision = self._known[name, said] = self._decide(name, said)
        return decision

    def _decide(self, name: str, said: tuple[Mark, ...]) -> Decision:
        if name == hunks.NOBODY:
            return attribution.UNBLAMED
        if hunks.uncommitted(name):
            return attribution.UNCOMMITTED
        if name == hunks.UNASKED:
            return attribution.of_nobody(said, self._policy)
        if name in self._boundaries and not said:
            return attribution.BOUNDARY
        if name not in self._commits:
            return attribution.MISSING
        found = () if name in self._boundaries else self._marks[name]
        return attribution.decide(self._commits[name], (*said, *found), self._policy)


def _read(
    git: Git, policy: Policy, names: Iterable[str]
) -> tuple[dict[str, Commit], dict[str, list[Mark]]]:
    wanted = sorted(n for n in names if not hunks.uncommitted(n) and n != hunks.UNASKED)
    found = list(marked_commits.read(git, wanted, Table(policy.extra_agents)))
    commits = {commit.id: commit for commit, _ in found}
    return commits, {commit.id: marks for commit, marks in found}
