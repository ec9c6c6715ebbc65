"""The records of Agent Trace: claims about lines, and the commits that hold those."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from aiprov_otel.history.evidence.agent_trace import Claim
from aiprov_otel.history.evidence.notes import NotedRecords, noted
from aiprov_otel.history.evidence.records import Record, Source, Stretch, record
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.records import logs
from aiprov_otel.history.records.holding import Contents, holders
from aiprov_otel.history.refs import fitting

_NOTES: Final = "refs/notes/sce-agent-trace"
REFS: Final = (_NOTES, logs.REFS)


def sources(git: Git) -> Iterator[Source]:
    """Notes, where the commit is known; then logs, where it has to be found."""
    for ref in fitting(git, _NOTES):
        yield NotedRecords(noted(git, ref), lambda note, ref: _of_note(note, ref, git.root))
    if claims := logs.claims(git):
        yield Traces(git, claims)


class Traces:
    """
    Claims about the lines of a revision, which for some tools is the commit that holds the lines
    and for others the one that was checked out when they were written: its parent.
    """

    lacking: Final = 0

    def __init__(self, git: Git, claims: Iterable[Claim]) -> None:
        self._git = git
        self._claims: dict[str, list[Claim]] = defaultdict(list)
        for claim in claims:
            if claim.revision:
                self._claims[claim.revision].append(claim)

    @cached_property
    def commits(self) -> Collection[str]:
        """The revisions that are claimed about, and the children of those."""
        named = self._claims.keys()
        history = self._git.commits(self._git.head())
        return named | {child for child, *parents in history if not named.isdisjoint(parents)}

    def of(self, commits: Mapping[str, Commit]) -> dict[str, Record]:
        """The record of each of *commits*: of the claims that its own lines bear out."""
        places = self._places(commits.values())
        holding = Contents(self._git, places)
        found = defaultdict(list)
        for claim, candidates in places:
            for commit in holders(claim, candidates, holding, commits.get(claim.revision or "")):
                stretch = Stretch(claim.first, max(claim.first, claim.last), claim.mark)
                found[commit.id].append((claim.path, stretch))
        return {name: record(stretches) for name, stretches in found.items()}

    def _places(self, commits: Iterable[Commit]) -> list[tuple[Claim, list[Commit]]]:
        """Each claim with those of *commits* that may hold its lines."""
        readings = defaultdict(list)
        for commit in commits:
            for revision in {commit.id, *commit.parents} & self._claims.keys():
                readings[revision].append(commit)
        return [(c, readings[name]) for name in readings for c in self._claims[name]]


def _of_note(note: bytes, ref: str, root: Path) -> Record:
    """A note hangs on the commit that holds the lines, whatever revision it names."""
    claims = logs.about_files(note, ref, root)
    return record((c.path, Stretch(c.first, max(c.first, c.last), c.mark)) for c in claims)
