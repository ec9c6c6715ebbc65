"""Which step would make most of the unknown lines known, and whether marks find what records do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiprov_otel.format import percent, quantity
from aiprov_otel.history.evidence import marked_commits
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.git.pull_requests import PullRequests, is_squash
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.manifest import SourceFile
from aiprov_otel.values import Evidence, Origin, Strength

_ENOUGH: Final = 0.8  # of the recorded AI lines: below it, a missing mark means nothing


@dataclass(frozen=True)
class Coverage:
    """
    How many lines that records call AI are on commits that are marked too.

    Attributes:
        recorded: lines that are AI by a record.
        marked: those of them whose commit has a mark.
    """

    recorded: int
    marked: int

    @property
    def is_low(self) -> bool:
        """Whether a missing mark means nothing here."""
        return self.marked < _ENOUGH * self.recorded

    def __str__(self) -> str:
        share = percent(self.marked / self.recorded)
        recorded = quantity(self.recorded, "line")
        return f"of {recorded} that records call AI, commit marks find {self.marked:,} ({share})"

    def to_json(self) -> dict[str, int]:
        """The counts as JSON values."""
        return {"recorded": self.recorded, "marked": self.marked}


def measure_coverage(sources: Iterable[SourceFile], git: Git) -> Coverage | None:
    """How many of the recorded AI lines of *sources* marks would find; None without records."""
    lines: Counter[str] = Counter()
    for source in sources:
        for run in source.runs:
            line = run.provenance
            if line.strength is Strength.LINE and line.origin is Origin.AI and line.commit:
                lines[line.commit] += run.count
    if not lines:
        return None
    table = Table(Policy.load(git.root).extra_agents)
    marked = sum(
        lines[commit.id]
        for commit, marks in marked_commits.read_commits(git, sorted(lines), table, {})
        if any(mark.evidence for mark in marks)
    )
    return Coverage(lines.total(), marked)


def find_next_step(
    sources: Iterable[SourceFile], policy: Mapping[str, Any], git: Git, coverage: Coverage | None
) -> str | None:
    """
    One sentence on the step that would make most lines known; None where none is measured.

    A line of the policy, which `advice` suggests, may decide more, and proves less.
    """
    lines: Counter[str] = Counter()
    branches = 0
    for source in sources:
        for run in source.runs:
            line = run.provenance
            if line.origin is Origin.UNKNOWN and line.evidence is Evidence.UNMARKED and line.commit:
                lines[line.commit] += run.count
            branches += run.count * (
                line.origin is Origin.UNKNOWN and line.evidence is Evidence.BRANCH
            )
    squashed = _count_squashed(git, lines)
    fetch = "fetch the pull requests, with what `aiprov build --remote` prints"
    steps = {fetch: squashed, 'set origin_of = { branch = "ai" } in [tool.aiprov]': branches}
    if not policy.get("pull_requests"):
        steps["export the pull requests (pull_requests in [tool.aiprov])"] = squashed
    best = max(steps, key=steps.__getitem__)
    if not steps[best]:
        record = "record the lines of your agents from now on, with git-ai for one"
        return f"the next step: {record}" if coverage and coverage.is_low else None
    lines_known = f"up to {steps[best]:,} of the unknown lines"
    return f"most would be known by this step: {best} ({lines_known})"


def _count_squashed(git: Git, lines: Mapping[str, int]) -> int:
    """How many of the *lines*, by commit, are of squashes whose requests are not here."""
    if not lines:
        return 0
    requests = PullRequests(git)
    table = Table()
    commits = marked_commits.read_commits(git, sorted(lines), table, {})
    return sum(
        lines[commit.id]
        for commit, _ in commits
        if is_squash(commit) and not requests.candidates(commit)
    )
