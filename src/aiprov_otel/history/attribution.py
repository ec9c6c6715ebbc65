"""From what a commit says to the provenance of its lines: pure, by the order of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date

from aiprov_otel.history.evidence import identities, squash_message
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.policy import Policy
from aiprov_otel.values import Evidence, Match, Origin, Provenance

_ORDER = {kind: place for place, kind in enumerate(Evidence)}


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What is said of a line, and why.

    Attributes:
        provenance: the result; its path is set for each file.
        reason: one sentence.
        marks: everything that was found, in order.
        deciding: the one of *marks* that decided; None where policy or nothing did.
    """

    provenance: Provenance
    reason: str
    marks: tuple[Mark, ...] = ()
    deciding: Mark | None = None


UNCOMMITTED = Decision(Provenance(match=Match.EXACT), "the line is not committed yet")
BOUNDARY = Decision(
    Provenance(match=Match.EXACT),
    "the clone is shallow and ends here: an older commit may have written the line",
)
MISSING = Decision(Provenance(match=Match.EXACT), "the commit is not in this clone")
UNBLAMED = Decision(Provenance(match=Match.EXACT), "git can't say which commit wrote the line")


def decide(commit: Commit, marks: Sequence[Mark], policy: Policy) -> Decision:
    """The strongest of *marks* decides; without one, the date and the policy."""
    marking = [(mark.evidence, mark) for mark in marks if mark.evidence]
    if not marking:
        silent, evidence, reason = _without_mark(commit, policy)
        return Decision(_provenance(commit, silent, evidence), reason, tuple(marks))
    evidence, deciding = min(marking, key=lambda pair: _ORDER[pair[0]])
    origin = deciding.origin or policy.origin_of.get(evidence)
    reason = f"{evidence} ({deciding.where}) is the strongest evidence"
    if not origin:
        origin, whole = _origin(commit, deciding, [mark for _, mark in marking])
        reason += f"; {whole}" if whole else ""
    provenance = _provenance(commit, origin, evidence)
    if deciding.origin is not Origin.HUMAN:
        provenance = _named(provenance, deciding, [mark for _, mark in marking])
    return Decision(provenance, f"{reason}: {origin}", tuple(marks), deciding)


def of_nobody(marks: Sequence[Mark], policy: Policy) -> Decision:
    """What is said of a line by *marks* and by *policy* alone, where no commit is known of it."""
    said = decide(Commit("", "", "", None, ""), marks, policy)
    return replace(said, provenance=replace(said.provenance, commit=None))


def _origin(commit: Commit, deciding: Mark, marks: Sequence[Mark]) -> tuple[Origin, str | None]:
    """What a mark on the commit gives, and what of the commit as a whole made it so."""
    if deciding.evidence is Evidence.ASSISTED_BY and not identities.is_bot(commit.author):
        return Origin.MIXED, None
    listed = squash_message.find(commit.lines) if deciding.line else None
    if not listed:
        return Origin.AI, None
    lines = [mark.line for mark in marks]
    total, marked = len(listed.starts), listed.marked(lines)
    text = f"it is a squash of {total} commits, {marked} of which say so"
    # Which lines came from the others is not written down anywhere.
    return Origin.AI if listed.introduced(lines) or marked == total else Origin.MIXED, text


def _without_mark(commit: Commit, policy: Policy) -> tuple[Origin, Evidence, str]:
    if identities.is_bot(commit.author):
        return Origin.UNKNOWN, Evidence.NONE, "a bot committed it that is no AI"
    day = _day(commit)
    if day and day < policy.human_before:
        origin = policy.origin_of.get(Evidence.PREDATES_AI, Origin.HUMAN)
        return origin, Evidence.PREDATES_AI, f"committed before {policy.human_before}: {origin}"
    since = policy.unmarked_human_since
    if since and day and day >= since:
        reason = f"nothing marks it, and unmarked_human_since is {since}: human"
        return Origin.HUMAN, Evidence.UNMARKED, reason
    reason = f'nothing marks it, and the policy is unmarked = "{policy.unmarked}"'
    return policy.unmarked, Evidence.UNMARKED, reason


def _day(commit: Commit) -> date | None:
    return commit.committed and commit.committed.astimezone(UTC).date()


def _provenance(commit: Commit, origin: Origin, evidence: Evidence) -> Provenance:
    return Provenance(
        origin, commit=commit.id, time=commit.time, evidence=evidence, match=Match.EXACT
    )


def _named(provenance: Provenance, deciding: Mark, marks: Sequence[Mark]) -> Provenance:
    """With the agent and the model of the deciding mark or, failing that, of one that agrees."""
    others = sorted(marks, key=lambda mark: _ORDER[mark.evidence or Evidence.NONE])
    ordered = [deciding, *(mark for mark in others if mark is not deciding)]
    agent = next((mark.agent for mark in ordered if mark.agent), None)
    source = next((m for m in ordered if m.model and _agrees(m, agent, deciding)), None)
    by_agent = next((m.provider for m in ordered if m.agent == agent and m.provider), None)
    model, provider = (source.model, source.provider) if source else (None, by_agent)
    return replace(provenance, agent=agent, model=model, provider=provider)


def _agrees(mark: Mark, agent: str | None, deciding: Mark) -> bool:
    """Whether *mark* is about the same tool, so that its model is the tool's."""
    same_house = mark.provider is not None and mark.provider == deciding.provider
    return mark.agent in {agent, None} or same_house


def of_no_commit(decision: Decision) -> bool:
    """Whether all that is known of the line is that no mark is about it."""
    provenance = decision.provenance
    return provenance.evidence is Evidence.UNMARKED and provenance.commit is None


def by_policy_alone(decision: Decision) -> bool:
    """Whether the line is unknown only because the policy does not say `unmarked = "human"`."""
    provenance = decision.provenance
    return provenance.evidence is Evidence.UNMARKED and provenance.origin is Origin.UNKNOWN
