"""The readers of line-level records, in order, and a fingerprint of what they read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final, Protocol

from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.history.evidence import agent_blame, agent_trace, git_ai, whogitit
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.records import Record, Source, Stretch, within
from aiprov_otel.history.git import pull_requests
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.history.source_files import printable


class Reader(Protocol):
    """What a module has to have to read one kind of record."""

    @property
    def REFS(self) -> tuple[str, ...]:  # noqa: N802 (a constant of the module)
        """The refs that it reads, as `refs.fitting` takes them."""

    def sources(self, git: Git) -> Iterable[Source]:
        """Where *git* keeps records of this kind, the most trusted place first."""


READERS: Final[tuple[Reader, ...]] = (git_ai, whogitit, agent_blame, agent_trace)


class Records:
    """The records that a repository holds, each kind in the order of `READERS`."""

    def __init__(self, git: Git) -> None:
        self._sources = [source for reader in READERS for source in reader.sources(git)]

    def __bool__(self) -> bool:
        return bool(self._sources)

    @cached_property
    def commits(self) -> frozenset[str]:
        """Every commit that may have a record."""
        return frozenset().union(*(source.commits for source in self._sources))

    @property
    def lacking(self) -> int:
        """How many records are not in this partial clone."""
        return sum(source.lacking for source in self._sources)

    def of(self, commits: Mapping[str, Commit]) -> list[Mapping[str, Record]]:
        """The records on *commits*, by commit, source by source."""
        return [source.of(commits) for source in self._sources]


def statements(
    records: Sequence[Mapping[str, Record]], hunk: Hunk
) -> Iterator[tuple[tuple[Mark, ...], int]]:
    """What *records* say of the lines of *hunk*: of so many the same, in order."""
    first, after = hunk.original, hunk.original + hunk.count
    found = [
        within(record.get(hunk.path, ()), first, after - 1)
        for by_commit in records
        if (record := by_commit.get(hunk.commit))
    ]
    edges = {first, after}.union(*(_edges(stretches) for stretches in found))
    ordered = sorted(edge for edge in edges if first <= edge <= after)
    for start, end in pairwise(ordered):
        marks = (one.mark for those in found for one in within(those, start, start))
        yield tuple(marks), end - start


def _edges(stretches: Sequence[Stretch]) -> Iterator[int]:
    return (edge for one in stretches for edge in (one.first, one.last + 1))


def records_state(git: Git) -> dict[str, str]:
    """
    What records are read from, each with what it holds: empty where there are none.

    That is every ref of records, with its object; the log in the tree, and beside records each
    pattern of requests, with a digest: requests without records are never looked at.
    """
    refs = (ref for reader in READERS for ref in matching_refs(git, *reader.REFS))
    found = {printable(ref): git.refs[ref] for ref in refs}
    if log := agent_trace.log_of_tree(git):
        found[agent_trace.LOG] = _digest(log)
    return {**found, **_requests(git)} if found else {}


def records_changed(now: Mapping[str, str], built: Mapping[str, str]) -> tuple[str, ...]:
    """What is in one of the two states alone, or is something else in the other; sorted."""
    return tuple(sorted(name for name in {**now, **built} if now.get(name) != built.get(name)))


def _requests(git: Git) -> dict[str, str]:
    by_pattern = ((pattern, matching_refs(git, pattern)) for pattern in pull_requests.PATTERNS)
    return {
        pattern: _digest(os.fsencode("".join(f"{git.refs[ref]} {ref}\n" for ref in refs)))
        for pattern, refs in by_pattern
        if refs
    }


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
