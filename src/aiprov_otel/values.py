"""Frozen values: the provenance of a line or a unit, and the words that it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_DAYS: Final = 100_000
"""The longest period in days; beyond it, dates are out of range."""


class Origin(StrEnum):
    """Who wrote the code; the contributor types of Agent Trace."""

    AI = "ai"
    HUMAN = "human"
    MIXED = "mixed"
    UNKNOWN = "unknown"


WITH_MODEL: Final = frozenset({Origin.AI, Origin.MIXED})
"""The origins of code that a model wrote, at least in part."""


class Strength(StrEnum):
    """How strong a piece of evidence is."""

    LINE = "line"
    COMMIT = "commit"
    WEAK = "weak"


class Outcome(StrEnum):
    """What became of an error, in the request, task or process that it was raised in."""

    ESCAPED = "escaped"
    HANDLED = "handled"
    EXPECTED = "expected"


CANCELLATIONS: Final = (
    "GeneratorExit",
    "KeyboardInterrupt",
    "asyncio.exceptions.CancelledError",
    "concurrent.futures._base.CancelledError",
    "starlette.websockets.WebSocketDisconnect",
)
"""Classes of exceptions by which somebody ends what is no longer wanted."""

REFUSALS: Final = ("1", "3", "5", "6", "7", "8", "9", "10", "11", "16")
"""The status codes by which gRPC refuses a call, as HTTP does with 4xx."""


class Evidence(StrEnum):
    """The kind of statement that decided an origin, strongest first."""

    DECLARED = "declared"
    NOTE = "note"
    NOTE_RECOVERED = "note-recovered"
    AGENT_TRACE = "agent-trace"
    MARKER = "marker"
    AGENT_AUTHOR = "agent-author"
    CO_AUTHOR = "co-author"
    GENERATED_BY = "generated-by"
    SESSION = "session"
    FOOTER = "footer"
    ASSISTED_BY = "assisted-by"
    PULL_REQUEST = "pull-request"
    WATCHED = "watched"
    BRANCH = "branch"
    PREDATES_AI = "predates-ai"
    UNMARKED = "unmarked"
    NONE = "none"

    @property
    def strength(self) -> Strength:
        """`line` for a line-level record, `commit` for a mark, `weak` for the rest."""
        if self in _LINE_LEVEL:
            return Strength.LINE
        return Strength.WEAK if self in _WEAK else Strength.COMMIT


_LINE_LEVEL = {Evidence.DECLARED, Evidence.NOTE, Evidence.NOTE_RECOVERED, Evidence.AGENT_TRACE}
_WEAK = {
    Evidence.WATCHED,
    Evidence.BRANCH,
    Evidence.PREDATES_AI,
    Evidence.UNMARKED,
    Evidence.NONE,
}


class Match(StrEnum):
    """How the running code matched the manifest."""

    EXACT = "exact"
    UNVERIFIED = "unverified"
    STALE = "stale"
    MISSING = "missing"
    DECLARED = "declared"


class Unit(StrEnum):
    """What a span stands for."""

    FUNCTION = "function"
    HANDLER = "handler"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class Provenance:
    """
    Who wrote a line or a unit of code, as far as it is known.

    Attributes:
        origin: who wrote it; `unknown` is an answer.
        agent: slug of the coding tool, `claude-code`.
        model: normalised name of the model that wrote it, `claude-opus-4-6`.
        provider: who makes that model, `anthropic`.
        commit: full hash of the commit that last wrote it, or as it was declared.
        time: when that commit landed: RFC 3339, UTC, committer time.
        evidence: the kind of evidence that decided.
        path: the file, relative to the repository, with `/`.
        ai_ratio: the share 0..1 of a unit's known lines that are AI; None for a line.
        match: how the running code matched the manifest.
    """

    origin: Origin = Origin.UNKNOWN
    agent: str | None = None
    model: str | None = None
    provider: str | None = None
    commit: str | None = None
    time: str | None = None
    evidence: Evidence = Evidence.NONE
    path: str | None = None
    ai_ratio: float | None = None
    match: Match = Match.MISSING

    @property
    def strength(self) -> Strength:
        """How strong the evidence is."""
        return self.evidence.strength

    def to_json(self) -> dict[str, str | None]:
        """The provenance of a line as JSON; what is not known is None."""
        return {
            "origin": self.origin.value,
            "agent": self.agent,
            "model": self.model,
            "provider": self.provider,
            "commit": self.commit,
            "time": self.time,
            "evidence": self.evidence.value,
            "strength": self.strength.value,
        }


MISSING = Provenance()
"""The provenance of code that is in no manifest."""
