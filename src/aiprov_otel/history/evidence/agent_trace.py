"""Records of Agent Trace: claims about lines, the logs that hold them, the commits they fit."""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiprov_otel.errors import HistoryError
from aiprov_otel.files import read_regular
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.kept import Kept
from aiprov_otel.history.evidence.mark import (
    get_object,
    get_objects,
    line_number,
    make_mark,
    parse_json,
)
from aiprov_otel.history.evidence.note_records import NoteRecords
from aiprov_otel.history.evidence.notes import list_notes, read_objects
from aiprov_otel.history.evidence.records import MarkedRange, Record, Source, make_record
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.values import Evidence, Origin

LOG: Final = ".agent-trace/traces.jsonl"
_NOTES: Final = "refs/notes/sce-agent-trace"
_LOG_REFS: Final = "refs/agentdiff/traces/"
REFS: Final = (_NOTES, _LOG_REFS)
FETCHED: Final = (_NOTES, f"{_LOG_REFS}*")


def list_sources(git: Git, kept: Kept) -> Iterator[Source]:
    """Notes, where the commit is known; then logs, where it has to be found."""

    def parse(note: bytes, ref: str) -> Record:
        return _note_record(note, ref, git.root)

    for ref in matching_refs(git, _NOTES):
        # A note may name files by where they were on this machine.
        yield NoteRecords(list_notes(git, ref), parse, kept, place=f"{ref} {git.root}")
    claims = [
        claim for text, where in _read_logs(git) for claim in parse_local(text, where, git.root)
    ]
    if claims:
        yield Traces(git, claims)


def read_log(git: Git) -> bytes:
    """
    The log of the work tree or, where it is not checked out, of the commit; empty for none.

    Raises:
        HistoryError: it is not a regular file of the repository, or huge.
    """
    try:
        return read_regular(Path(git.root, LOG), inside=git.root)
    except (FileNotFoundError, NotADirectoryError):
        [content] = read_objects(git, [f"{git.head()}:{LOG}"])
        return content or b""
    except OSError as error:
        msg = f"{git.root / LOG} can't be read: {error.strerror}; fix or remove it"
        raise HistoryError(msg) from error


def _read_logs(git: Git) -> Iterator[tuple[bytes, str]]:
    """Each log, and where it is kept."""
    yield read_log(git), LOG
    refs = matching_refs(git, _LOG_REFS)
    contents = read_objects(git, (f"{git.refs[ref]}:traces.jsonl" for ref in refs))
    for ref, content in zip(refs, contents, strict=True):
        yield content or b"", ref


class Claim(NamedTuple):
    """
    What one trace claims about a range of lines.

    Attributes:
        revision: the commit that holds them, or the one that was checked out when they were
            written; None where the trace names none.
        time: when it was logged.
        path: as it was logged, with `/`.
        first: the first line.
        last: the last line.
        hash: of the text of the lines: `sha256:…`, `murmur3:…`.
        mark: the claim itself.
    """

    revision: str | None
    time: datetime | None
    path: str
    first: int
    last: int
    hash: str | None
    mark: Mark

    @property
    def marked_range(self) -> MarkedRange:
        """The lines with their mark."""
        return MarkedRange(self.first, max(self.first, self.last), self.mark)


_REVISION: Final = re.compile(r"[0-9a-f]{40,64}")
_ORIGINS: Final = {origin.value: origin for origin in Origin if origin is not Origin.UNKNOWN}


def parse_local(text: bytes, where: str, root: Path) -> Iterator[Claim]:
    """The claims in *text*, found at *where*, about files of the repository at *root*."""
    for claim in parse(text.decode("utf-8", "replace"), where):
        if path := _relative_path(claim.path, root.as_posix()):
            yield claim._replace(path=path)


def parse(text: str, where: str) -> list[Claim]:
    """The claims of the traces in *text*, one JSON object or one a line; found at *where*."""
    whole = parse_json(text)
    traces = [whole] if isinstance(whole, dict) else map(parse_json, text.splitlines())
    return [claim for trace in traces for claim in _parse_claims(trace, where)]


def _parse_claims(trace: Any, where: str) -> Iterator[Claim]:
    name = get_object(trace, "vcs").get("revision")
    revision = name if isinstance(name, str) and _REVISION.fullmatch(name) else None
    time = _parse_time(trace.get("timestamp")) if isinstance(trace, dict) else None
    for path, conversation in _conversations(trace):
        for lines in get_objects(conversation, "ranges"):
            first, last = line_number(lines.get("start_line")), line_number(lines.get("end_line"))
            if first and (mark := _parse_mark(trace, conversation, lines, where)):
                digest = lines.get("content_hash")
                digest = digest if isinstance(digest, str) else None
                yield Claim(revision, time, path, first, last, digest, mark)


def _conversations(trace: Any) -> Iterator[tuple[str, Any]]:
    for file in get_objects(trace, "files"):
        path = file.get("path")
        if isinstance(path, str):
            for conversation in get_objects(file, "conversations"):
                yield path.replace("\\", "/").removeprefix("./"), conversation


def _parse_mark(trace: Any, conversation: Any, lines: Any, where: str) -> Mark | None:
    """The mark of one range: its own contributor comes before that of the conversation."""
    contributor = get_object(lines, "contributor") or get_object(conversation, "contributor")
    origin = _ORIGINS.get(str(contributor.get("type")))
    if origin is None:
        return None
    return make_mark(
        "agent-trace",
        origin,
        Evidence.AGENT_TRACE,
        where=where,
        text=f"contributor: {origin}",
        tool=get_object(trace, "tool").get("name"),
        model=contributor.get("model_id"),
    )


def _parse_time(text: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _relative_path(path: str, root: str) -> str | None:
    """*path* relative to *root*; None outside of it, for a URL, and for one git can't name."""
    path = path.removeprefix(f"{root}/")
    outside = path.startswith(("/", "../")) or ":" in path.partition("/")[0]
    return os.path.normpath(path) if path and path.isprintable() and not outside else None


def _note_record(note: bytes, ref: str, root: Path) -> Record:
    """The record in a note: its commit holds the lines, whatever revision the trace names."""
    claims = parse_local(note, ref, root)
    return make_record((claim.path, claim.marked_range) for claim in claims)


class Traces:
    """
    Claims about the lines of a revision. For some tools it is the commit that holds the lines, for
    others the one that was checked out when they were written: its parent.
    """

    missing: Final = 0
    unreadable: Final = ()
    ref: Final = LOG

    def __init__(self, git: Git, claims: Iterable[Claim]) -> None:
        self._git = git
        self._claims: dict[str, list[Claim]] = defaultdict(list)
        for claim in claims:
            if claim.revision:
                self._claims[claim.revision].append(claim)

    @cached_property
    def commits(self) -> Collection[str]:
        """The revisions that the claims name, and the children of those."""
        named = self._claims.keys()
        history = self._git.commits(self._git.head())
        return named | {child for child, *parents in history if not named.isdisjoint(parents)}

    def read(self, commits: Mapping[str, Commit]) -> dict[str, Record]:
        """The record of each of *commits*: of the claims that fit its own lines."""
        pairs = self._candidates(commits.values())
        contents = Contents(self._git, pairs)
        ranges = defaultdict(list)
        for claim, candidates in pairs:
            base = commits.get(claim.revision or "")
            for commit in match_commits(claim, candidates, contents, base):
                ranges[commit.id].append((claim.path, claim.marked_range))
        return {name: make_record(rows) for name, rows in ranges.items()}

    def _candidates(self, commits: Iterable[Commit]) -> list[tuple[Claim, list[Commit]]]:
        """Each claim with those of *commits* that may hold its lines."""
        by_revision = defaultdict(list)
        for commit in commits:
            for revision in {commit.id, *commit.parents} & self._claims.keys():
                by_revision[revision].append(commit)
        return [(claim, by_revision[name]) for name in by_revision for claim in self._claims[name]]


_MOST_CONTENT: Final = 256 * 1024 * 1024  # bytes of files that are held to verify claims


class Contents:
    """
    The lines of the files of claims, as they are in the candidates and in their parents.

    Beyond a limit there are none, and the claims about them are not believed.
    """

    def __init__(self, git: Git, pairs: Iterable[tuple[Claim, Sequence[Commit]]]) -> None:
        wanted = {
            f"{revision}:{claim.path}"
            for claim, candidates in pairs
            for commit in candidates
            for revision in (commit.id, *commit.parents[:1])
        }
        names = sorted(wanted)
        self._lines: dict[str, list[bytes]] = {}
        self._stripped: dict[tuple[str, str], set[bytes]] = {}
        total = 0
        for name, content in zip(names, read_objects(git, names), strict=True):
            total += len(content or b"")
            if total > _MOST_CONTENT:
                return
            self._lines[name] = (content or b"").splitlines()

    def lines(self, revision: str, path: str) -> Sequence[bytes]:
        """The lines of *path* in *revision*; none where it is missing."""
        return self._lines.get(f"{revision}:{path}", ())

    def stripped(self, revision: str, path: str) -> set[bytes]:
        """The lines of *path* in *revision* without the blanks around them."""
        place = (revision, path)
        if place not in self._stripped:
            self._stripped[place] = {line.strip() for line in self.lines(revision, path)}
        return self._stripped[place]


def match_commits(
    claim: Claim, candidates: Sequence[Commit], contents: Contents, base: Commit | None
) -> list[Commit]:
    """Those of *candidates* that hold the lines of *claim*: its revision, or children of that."""
    fitting = [commit for commit in candidates if _fits(claim, commit, contents)]
    exact = [c for c in fitting if _has_same_hash(claim, contents.lines(c.id, claim.path))]
    own = [commit for commit in exact or fitting if commit.id == claim.revision]
    children = [commit for commit in exact or fitting if commit.id != claim.revision]
    # Either may be meant. What was logged after the revision landed was written on top of it.
    landed = base.committed if base else None
    later = bool(claim.time and landed and claim.time > landed)
    return children if children and (later or not own) else own


def _fits(claim: Claim, commit: Commit, contents: Contents) -> bool:
    """Whether *commit* brought in most of the claimed lines, blank ones apart."""
    known = contents.stripped(commit.parents[0], claim.path) if commit.parents else set()
    claimed = contents.lines(commit.id, claim.path)[claim.first - 1 : claim.last]
    lines = [line.strip() for line in claimed if line.strip()]
    return 2 * sum(line not in known for line in lines) > len(lines)


_SHORTEST_HASH: Final = 8  # some tools write the beginning of one


def _has_same_hash(claim: Claim, lines: Sequence[bytes]) -> bool:
    """Whether the hash of *claim* is that of its lines, however the tool ends the last of them."""
    algorithm, _, digest = (claim.hash or "").partition(":")
    if algorithm != "sha256" or len(digest) < _SHORTEST_HASH:
        return False
    text = b"\n".join(lines[claim.first - 1 : claim.last])
    variants = (text, text + b"\n", text.strip())
    return any(hashlib.sha256(variant).hexdigest().startswith(digest) for variant in variants)
