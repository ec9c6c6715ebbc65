"""From the marks on a commit to the provenance of its lines: pure, by the order of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date
from functools import lru_cache
from typing import NamedTuple

from aiprov_otel.history.evidence import identities, squash_message
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.squash_message import Listing
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.pull_requests import is_squash
from aiprov_otel.history.policy import Policy
from aiprov_otel.values import Evidence, Match, Origin, Provenance

_ORDER = {kind: place for place, kind in enumerate(Evidence)}


class Decision(NamedTuple):
    """
    The provenance of a line, and why.

    Attributes:
        provenance: the result; its path is set for each file.
        reason: one sentence.
        marks: all marks, in order.
        deciding: the one of *marks* that decided; None where policy or nothing did.
    """

    provenance: Provenance
    reason: str
    marks: tuple[Mark, ...] = ()
    deciding: Mark | None = None

    @property
    def lacks_commit(self) -> bool:
        """Whether the line is only known not to be of a marked commit."""
        return self.provenance.evidence is Evidence.UNMARKED and self.provenance.commit is None

    @property
    def is_requested(self) -> bool:
        """Whether it is known which commit of a pull request wrote the line."""
        return any(mark.commit for mark in self.marks)

    @property
    def is_by_policy(self) -> bool:
        """Whether the line is human only because nothing marks it."""
        provenance = self.provenance
        return provenance.evidence is Evidence.UNMARKED and provenance.origin is Origin.HUMAN

    @property
    def is_by_branch(self) -> bool:
        """Whether the line is unknown, and only the name of a branch is about it."""
        provenance = self.provenance
        return provenance.evidence is Evidence.BRANCH and provenance.origin is Origin.UNKNOWN

    @property
    def is_undecided(self) -> bool:
        """Whether the line is unknown only because the policy is not `unmarked = "human"`."""
        provenance = self.provenance
        return provenance.evidence is Evidence.UNMARKED and provenance.origin is Origin.UNKNOWN


UNCOMMITTED = Decision(Provenance(match=Match.EXACT), "the line is not committed yet")
BOUNDARY = Decision(
    Provenance(match=Match.EXACT),
    "the clone is shallow and ends here: an older commit may have written the line",
)
MISSING = Decision(Provenance(match=Match.EXACT), "the commit is not in this clone, or too large")
UNBLAMED = Decision(Provenance(match=Match.EXACT), "git can't attribute the line to a commit")


def decide(
    commit: Commit, marks: Sequence[Mark], policy: Policy, unborne: Sequence[Mark] = ()
) -> Decision:
    """
    The strongest of *marks* decides; without one, the date and the policy.

    The lines of an unmarked commit of a pull request are `mixed` where there is an *unborne* mark:
    one on the squash, that none of the commits bears.
    """
    is_old = _predates(commit, policy)
    marking = [
        (mark.evidence, mark)
        for mark in marks
        if mark.evidence and not (is_old and mark.evidence is Evidence.BRANCH)
    ]
    weak = all(evidence is Evidence.BRANCH for evidence, _ in marking)
    if weak and unborne:
        return _decide_unborne(commit, marks, unborne)
    if not marking:
        origin, evidence, reason = _decide_unmarked(commit, policy)
        return Decision(_provenance(commit, origin, evidence), reason, tuple(marks))
    evidence, deciding = min(marking, key=lambda pair: _ORDER[pair[0]])
    reason = f"{evidence} ({deciding.where}) is the strongest evidence"
    stated = deciding.origin or policy.origin_of.get(evidence)
    if stated:
        origin = stated
    else:
        origin, squash = _origin_of_mark(commit, deciding, [mark for _, mark in marking])
        reason += f"; {squash}" if squash else ""
    provenance = _provenance(commit, origin, evidence)
    if deciding.origin is not Origin.HUMAN:
        provenance = _with_agent(provenance, deciding, [mark for _, mark in marking])
    return Decision(provenance, f"{reason}: {origin}", tuple(marks), deciding)


def _decide_unborne(commit: Commit, marks: Sequence[Mark], unborne: Sequence[Mark]) -> Decision:
    evidence, deciding = min(
        ((mark.evidence or Evidence.NONE, mark) for mark in unborne), key=lambda p: _ORDER[p[0]]
    )
    reason = (
        f"nothing marks the commit of the pull request that wrote the line, but {evidence} "
        f"({deciding.where}) marks the squash, and none of its commits: mixed"
    )
    provenance = _provenance(commit, Origin.MIXED, evidence)
    provenance = _with_agent(provenance, deciding, list(unborne))
    return Decision(provenance, reason, (*marks, *unborne), deciding)


def decide_without_commit(marks: Sequence[Mark], policy: Policy) -> Decision:
    """The decision about a line of an unknown commit: by *marks* and *policy* alone."""
    decision = decide(Commit("", "", "", None, ""), marks, policy)
    return decision._replace(provenance=replace(decision.provenance, commit=None))


def _origin_of_mark(
    commit: Commit, deciding: Mark, marks: Sequence[Mark]
) -> tuple[Origin, str | None]:
    """The origin that a mark on the commit gives, and how a squash changed it."""
    if deciding.evidence is Evidence.BRANCH:
        return Origin.UNKNOWN, "people have such branches too, and origin_of may decide"
    if deciding.evidence is Evidence.ASSISTED_BY and not identities.is_bot(commit.author):
        return Origin.MIXED, None
    listing = _find_listing(commit) if deciding.line else None
    if not listing:
        return _origin_of_unlisted(commit, deciding, marks)
    lines = [mark.line for mark in marks]
    total, marked = len(listing.starts), listing.count_marked(lines)
    text = f"it is a squash of {total} commits, {marked} of which are marked"
    # Which lines came from the others is not written down anywhere.
    whole = listing.is_introduced_by(lines) or marked == total
    return Origin.AI if whole else Origin.MIXED, text


def _origin_of_unlisted(
    commit: Commit, deciding: Mark, marks: Sequence[Mark]
) -> tuple[Origin, str | None]:
    """The origin of a mark on a commit that may be a squash, and names no parts."""
    if not is_squash(commit) or deciding.commit or deciding.evidence is Evidence.AGENT_AUTHOR:
        return Origin.AI, None
    hint = "the commits of its pull request, once fetched, show more"
    if squash_message.has_other_authors(commit, {mark.line for mark in marks}):
        return Origin.MIXED, f"it is a squash that other people are co-authors of, and {hint}"
    return Origin.AI, f"it is a squash, and {hint}"


@lru_cache(maxsize=64)  # each mark of a commit asks
def _find_listing(commit: Commit) -> Listing | None:
    return squash_message.find_listing(commit.lines)


def _decide_unmarked(commit: Commit, policy: Policy) -> tuple[Origin, Evidence, str]:
    if identities.is_bot(commit.author):
        return Origin.UNKNOWN, Evidence.NONE, "a bot that is not an AI committed it"
    day = _day(commit)
    if _predates(commit, policy):
        origin = policy.origin_of.get(Evidence.PREDATES_AI, Origin.HUMAN)
        return origin, Evidence.PREDATES_AI, f"committed before {policy.human_before}: {origin}"
    since = policy.unmarked_human_since
    if since and day and day >= since:
        reason = f"nothing marks it, and unmarked_human_since is {since}: human"
        return Origin.HUMAN, Evidence.UNMARKED, reason
    reason = f'nothing marks it, and the policy is unmarked = "{policy.unmarked}"'
    return policy.unmarked, Evidence.UNMARKED, reason


def _predates(commit: Commit, policy: Policy) -> bool:
    day = _day(commit)
    return day is not None and day < policy.human_before


def _day(commit: Commit) -> date | None:
    return commit.committed and commit.committed.astimezone(UTC).date()


def _provenance(commit: Commit, origin: Origin, evidence: Evidence) -> Provenance:
    return Provenance(
        origin, commit=commit.id, time=commit.time, evidence=evidence, match=Match.EXACT
    )


def _with_agent(provenance: Provenance, deciding: Mark, marks: Sequence[Mark]) -> Provenance:
    """*provenance* with the agent and the model of *deciding*, or else of a mark that agrees."""
    others = sorted(marks, key=lambda mark: _ORDER[mark.evidence or Evidence.NONE])
    ordered = [deciding, *(mark for mark in others if mark is not deciding)]
    agent = next((mark.agent for mark in ordered if mark.agent), None)
    source = next((m for m in ordered if m.model and _agrees(m, agent, deciding)), None)
    by_agent = next((m.provider for m in ordered if m.agent == agent and m.provider), None)
    model, provider = (source.model, source.provider) if source else (None, by_agent)
    return replace(provenance, agent=agent, model=model, provider=provider)


def _agrees(mark: Mark, agent: str | None, deciding: Mark) -> bool:
    """Whether *mark* is about the same tool, so that its model is the tool's."""
    same_provider = mark.provider is not None and mark.provider == deciding.provider
    return mark.agent in {agent, None} or same_provider
