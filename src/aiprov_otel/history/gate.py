"""Is enough known about who wrote the code? What a pipeline asks before it lets a change pass."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any, Final

from aiprov_otel.errors import UsageError
from aiprov_otel.history.git.checkout import commit_of
from aiprov_otel.history.git.repository import Git
from aiprov_otel.manifest import Run, SourceFile
from aiprov_otel.values import Origin, Strength

_RANK: Final = {Strength.WEAK: 0, Strength.COMMIT: 1, Strength.LINE: 2}


@dataclass(frozen=True)
class Gate:
    """
    What is asked.

    Attributes:
        minimum: the share (0..1) of the lines that has to be known.
        strength: a line counts as known if its evidence proves at least this much.
        since: only the lines of commits that are not in this one's history are asked about.
    """

    minimum: float
    strength: Strength = Strength.WEAK
    since: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of it: *known* of the *lines* that the *gate* asks about."""

    gate: Gate
    lines: int
    known: int

    @property
    def passed(self) -> bool:
        """Whether enough is known; of no lines, everything is."""
        return self.known >= self.gate.minimum * self.lines

    def to_json(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        return {
            "passed": self.passed,
            "lines": self.lines,
            "known": self.known,
            "share": round(self.known / self.lines, 4) if self.lines else None,
            "min_known": self.gate.minimum,
            "min_strength": self.gate.strength.value,
            "since": self.gate.since,
        }


def ask(gate: Gate, sources: Iterable[SourceFile], git: Git) -> Outcome:
    """
    Count the lines that *gate* asks about in *sources*.

    Raises:
        HistoryError: the commit that it names is not in the repository.
        UsageError: its share is none.
    """
    if not 0 <= gate.minimum <= 1:
        msg = f"--min-known can't be {gate.minimum}; give a share from 0 to 1, like 0.9"
        raise UsageError(msg)
    new = _since(git, gate.since) if gate.since else None
    runs = [run for source in sources for run in source.runs if _asked(run, new)]
    known = sum(run.count for run in runs if _known(run, gate.strength))
    return Outcome(gate, sum(run.count for run in runs), known)


def _since(git: Git, revision: str) -> frozenset[str]:
    past = commit_of(git, revision)
    return frozenset(git.run("rev-list", git.head(), f"^{past}").decode("ascii").split())


def _asked(run: Run, new: Container[str | None] | None) -> bool:
    return new is None or run.provenance.commit in new


def _known(run: Run, strength: Strength) -> bool:
    strong = _RANK[run.provenance.strength] >= _RANK[strength]
    return strong and run.provenance.origin is not Origin.UNKNOWN
