"""Files of the work tree with a decision about each of their lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, repeat
from pathlib import Path

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.blame.files import BlamedFile, Progress, blame_all
from aiprov_otel.history.blame.strategy import Lineage, Whole, WorkTree
from aiprov_otel.history.deciding import Decisions
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.source_files import TrackedFile
from aiprov_otel.manifest import SourceFile
from aiprov_otel.manifest.document import folded
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
            runs = tuple(folded(_placed(stretches, path)))
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
