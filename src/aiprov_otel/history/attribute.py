"""From blamed files to a decision about each of their lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, repeat
from pathlib import Path

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import attribution
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.blame import hunks
from aiprov_otel.history.blame.files import BlamedFile, Progress, blame_all
from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.history.blame.strategy import Lineage, Whole, WorkTree
from aiprov_otel.history.evidence import marked_commits
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.sources import Records, statements
from aiprov_otel.history.evidence.squash_recovery import recover
from aiprov_otel.history.git import repository
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.source_files import TrackedFile
from aiprov_otel.manifest import SourceFile
from aiprov_otel.manifest.document import fold_runs
from aiprov_otel.values import Provenance


@dataclass(frozen=True)
class Reading:
    """
    Files with a decision for each of their lines.

    Attributes:
        blamed: the files, sorted by path.
        decisions: about any line of those files.
        left_out: path and reason of the files that can't be read.
        note: why git had to be asked about all of them, where it was unexpected.
    """

    blamed: tuple[BlamedFile, ...]
    decisions: Decisions
    left_out: tuple[tuple[str, str], ...]
    note: str | None = None

    def unreadable(self, root: Path) -> HistoryError:
        """The error that the first of `left_out`, below *root*, is."""
        path, reason = self.left_out[0]
        more = f", nor can {len(self.left_out) - 1} more" if len(self.left_out) > 1 else ""
        return HistoryError(f"{root / path} {reason}{more}; mend that and try again")

    def sources(self) -> Iterator[SourceFile]:
        """The files as the manifest holds them."""
        for one, stretches in zip(self.blamed, self._decided, strict=True):
            path, import_path = one.file.path, one.file.import_path
            runs = tuple(fold_runs(_placed(stretches, path)))
            yield SourceFile(path, import_path, one.hash, runs, one.generated)

    def lines(self, one: BlamedFile) -> Iterator[Decision]:
        """The decision about each line of *one*, as Python numbers them."""
        for decision, count in self.stretches(one):
            yield from repeat(decision, count)

    def stretches(self, one: BlamedFile) -> list[tuple[Decision, int]]:
        """The decisions about *one* in order, each with for how many lines of Python it holds."""
        found = self.decisions.of(one.hunks, one.tag)
        if sum(one.widths) == len(one.widths):
            return found
        lines = iter(one.widths)
        return [(decision, sum(islice(lines, count))) for decision, count in found]

    def tally(self) -> list[tuple[Decision, int]]:
        """Each decision with the number of lines that it is about."""
        counts: Counter[int] = Counter()
        known: dict[int, Decision] = {}
        for stretches in self._decided:
            for decision, count in stretches:
                known[id(decision)] = decision
                counts[id(decision)] += count
        return [(known[key], count) for key, count in counts.items()]

    @cached_property
    def _decided(self) -> list[list[tuple[Decision, int]]]:
        return [self.stretches(one) for one in self.blamed]


def _placed(
    stretches: Iterable[tuple[Decision, int]], path: str
) -> Iterator[tuple[Provenance, int]]:
    """The provenance of each of *stretches* as that of the file at *path*."""
    known: dict[int, Provenance] = {}
    for decision, count in stretches:
        if (provenance := known.get(id(decision))) is None:
            provenance = known[id(decision)] = _at(decision.provenance, path)
        yield provenance, count


def _at(said: Provenance, path: str) -> Provenance:
    """What is *said*, of a line of the file at *path*; `replace` would take three times as long."""
    named = (said.origin, said.agent, said.model, said.provider)
    return Provenance(*named, said.commit, said.time, said.evidence, path, match=said.match)


def read(
    git: Git,
    policy: Policy,
    files: Sequence[TrackedFile],
    progress: Progress | None = None,
    lineage: Lineage | None = None,
) -> Reading:
    """
    Blame *files* as they are in the work tree, and decide about each line of them.

    What is committed is asked of *lineage*; without one, of the whole history.
    """
    outcomes = blame_all(WorkTree(git, lineage or Whole(git, git.head())), files, progress)
    blamed = [one for one in outcomes if isinstance(one, BlamedFile)]
    left_out = [one for one in outcomes if not isinstance(one, BlamedFile)]
    return Reading(
        blamed=tuple(sorted(blamed, key=lambda one: one.file.path)),
        decisions=Decisions(git, policy, (hunk for one in blamed for hunk in one.hunks)),
        left_out=tuple(sorted(left_out)),
    )


class Decisions:
    """
    What is said of the lines of *hunks*; everything that git has to be asked is asked once.

    Attributes:
        lacking: how many records are not in this partial clone.
    """

    def __init__(self, git: Git, policy: Policy, hunks: Iterable[Hunk]) -> None:
        self._policy = policy
        self._boundaries = repository.boundaries(git)
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
