"""The kinds of line-level records, in the order of trust, and a fingerprint of what they hold."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final, Protocol

from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.history.evidence import (
    agent_blame,
    agent_trace,
    agent_trace_ledger,
    git_ai,
    pull_requests_export,
    whogitit,
)
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.kept import Kept
from aiprov_otel.history.evidence.records import MarkedRange, Record, Source, overlapping
from aiprov_otel.history.git import pull_requests, remote
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.history.source_files import printable


class Format(Protocol):
    """What the module of a record format has."""

    @property
    def REFS(self) -> tuple[str, ...]:  # noqa: N802 (a constant of the module)
        """The refs that it reads, as `matching_refs` takes them."""

    @property
    def FETCHED(self) -> tuple[str, ...]:  # noqa: N802
        """The refs, or patterns of refs, that `git fetch` takes and `git clone` leaves behind."""

    def list_sources(self, git: Git, kept: Kept) -> Iterable[Source]:
        """Where *git* keeps records of this format, the most trusted place first."""


FORMATS: Final[tuple[Format, ...]] = (
    git_ai,
    whogitit,
    agent_blame,
    agent_trace,
    agent_trace_ledger,
)
"""Of two records about a line, that of the earlier format decides."""


class Records:
    """The records that a repository holds, in the order of `FORMATS`; what was read is *kept*."""

    def __init__(self, git: Git, kept: Kept) -> None:
        self._sources = [source for form in FORMATS for source in form.list_sources(git, kept)]

    def __bool__(self) -> bool:
        return bool(self._sources)

    @cached_property
    def commits(self) -> frozenset[str]:
        """Every commit that may have a record."""
        return frozenset().union(*(source.commits for source in self._sources))

    @property
    def missing(self) -> int:
        """How many records this partial clone lacks."""
        return sum(source.missing for source in self._sources)

    @property
    def unreadable(self) -> dict[str, list[str]]:
        """By ref, the commits whose records can't be read, of those that were read."""
        return {
            source.ref: sorted(source.unreadable) for source in self._sources if source.unreadable
        }

    def read(self, commits: Mapping[str, Commit]) -> list[Mapping[str, Record]]:
        """The records on *commits*, by commit, source by source."""
        return [source.read(commits) for source in self._sources]


def split_by_marks(
    records: Sequence[Mapping[str, Record]], hunk: Hunk
) -> Iterator[tuple[tuple[Mark, ...], int]]:
    """The marks that *records* give to the lines of *hunk*, each with its number of lines."""
    first, after = hunk.original, hunk.original + hunk.count
    ranges = [
        overlapping(record.get(hunk.path, ()), first, after - 1)
        for by_commit in records
        if (record := by_commit.get(hunk.commit))
    ]
    edges = {first, after}.union(*map(_edges, ranges))
    ordered = sorted(edge for edge in edges if first <= edge <= after)
    for start, end in pairwise(ordered):
        marks = (marked.mark for rows in ranges for marked in overlapping(rows, start, start))
        yield tuple(marks), end - start


def _edges(ranges: Sequence[MarkedRange]) -> Iterator[int]:
    return (edge for marked in ranges for edge in (marked.first, marked.last + 1))


def fetch_command(git: Git) -> str | None:
    """The command that fetches the records that only the remote has; None without any."""
    return remote.fetch_command(git, [ref for form in FORMATS for ref in form.FETCHED])


def has_unasked_remote(git: Git) -> bool:
    """Whether there is a remote, and no ref of records that was fetched from it."""
    return bool(remote.url(git)) and not any(matching_refs(git, *form.REFS) for form in FORMATS)


def records_fingerprint(git: Git, export: str | None = None) -> dict[str, str]:
    """
    Every place beside commits that is read, with a name for its content.

    That is every ref of records, with its object, the log in the tree, each pattern of pull
    requests, and the file *export* that describes them, with a digest.
    """
    refs = (ref for form in FORMATS for ref in matching_refs(git, *form.REFS))
    fingerprint = {printable(ref): git.refs[ref] for ref in refs}
    if log := agent_trace.read_log(git):
        fingerprint[agent_trace.LOG] = _digest(log)
    if export:
        fingerprint[export] = pull_requests_export.digest(git.root / export)
    return {**fingerprint, **_requests_fingerprint(git)}


def changed_records(now: Mapping[str, str], built: Mapping[str, str]) -> tuple[str, ...]:
    """The places whose content differs between two fingerprints, sorted."""
    return tuple(sorted(name for name in {**now, **built} if now.get(name) != built.get(name)))


def _requests_fingerprint(git: Git) -> dict[str, str]:
    by_pattern = ((pattern, matching_refs(git, pattern)) for pattern in pull_requests.PATTERNS)
    return {
        pattern: _digest(os.fsencode("".join(f"{git.refs[ref]} {ref}\n" for ref in refs)))
        for pattern, refs in by_pattern
        if refs
    }


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
