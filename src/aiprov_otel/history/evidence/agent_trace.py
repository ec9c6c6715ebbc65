"""Agent Trace records: claims about lines, the logs that keep them, the commits they are about."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from aiprov_otel.history.evidence import notes
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.mark import loads, mark, number, table, tables
from aiprov_otel.history.evidence.notes import NotedRecords, noted
from aiprov_otel.history.evidence.records import Record, Source, Stretch, record
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.values import Evidence, Origin

_REVISION: Final = re.compile(r"[0-9a-f]{40,64}")
_ORIGINS: Final = {origin.value: origin for origin in Origin if origin is not Origin.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Claim:
    """
    What one trace says of a range of lines.

    Attributes:
        revision: the commit that holds them, or the one that was checked out when they were
            written; None where the trace names none.
        time: when it was logged.
        path: as it was logged, with `/`.
        first: the first line.
        last: the last line.
        hash: of what the lines hold: `sha256:…`, `murmur3:…`.
        mark: what is said.
    """

    revision: str | None
    time: datetime | None
    path: str
    first: int
    last: int
    hash: str | None
    mark: Mark


def parse(text: str, where: str) -> list[Claim]:
    """The claims of the traces in *text*, one JSON object or one a line; found at *where*."""
    whole = loads(text)
    told = [whole] if isinstance(whole, dict) else [loads(line) for line in text.splitlines()]
    return [claim for trace in told for claim in _claims(trace, where)]


def _claims(trace: Any, where: str) -> Iterator[Claim]:
    revision = table(trace, "vcs").get("revision")
    named = revision if isinstance(revision, str) and _REVISION.fullmatch(revision) else None
    time = _time(trace.get("timestamp")) if isinstance(trace, dict) else None
    for path, conversation in _conversations(trace):
        for lines in tables(conversation, "ranges"):
            first, last = number(lines.get("start_line")), number(lines.get("end_line"))
            if first and (said := _mark(trace, conversation, lines, where)):
                digest = lines.get("content_hash")
                text = digest if isinstance(digest, str) else None
                yield Claim(named, time, path, first, last, text, said)


def _conversations(trace: Any) -> Iterator[tuple[str, Any]]:
    for file in tables(trace, "files"):
        path = file.get("path")
        if isinstance(path, str):
            for conversation in tables(file, "conversations"):
                yield path.replace("\\", "/").removeprefix("./"), conversation


def _mark(trace: Any, conversation: Any, lines: Any, where: str) -> Mark | None:
    """What is said of one range: its own contributor comes before that of the conversation."""
    contributor = table(lines, "contributor") or table(conversation, "contributor")
    origin = _ORIGINS.get(str(contributor.get("type")))
    if origin is None:
        return None
    return mark(
        "agent-trace",
        origin,
        Evidence.AGENT_TRACE,
        where=where,
        text=f"contributor: {origin}",
        tool=table(trace, "tool").get("name"),
        model=contributor.get("model_id"),
    )


def _time(text: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


_SHORTEST_HASH: Final = 8  # some tools write the beginning of one


class Contents:
    """The lines of the files that claims are about, as they are in the candidates and before."""

    def __init__(self, git: Git, places: Iterable[tuple[Claim, Sequence[Commit]]]) -> None:
        wanted = {
            f"{revision}:{claim.path}"
            for claim, candidates in places
            for commit in candidates
            for revision in (commit.id, *commit.parents[:1])
        }
        names = sorted(wanted)
        found = zip(names, notes.read(git, names), strict=True)
        self._lines = {name: (content or b"").splitlines() for name, content in found}

    def of(self, revision: str, path: str) -> Sequence[bytes]:
        """The lines of *path* in *revision*; none where it is not there."""
        return self._lines.get(f"{revision}:{path}", ())


def holders(
    claim: Claim, candidates: Sequence[Commit], contents: Contents, base: Commit | None
) -> list[Commit]:
    """Those of *candidates* that hold the lines of *claim*: its revision, or children of that."""
    fitting = [commit for commit in candidates if _fits(claim, commit, contents)]
    exact = [commit for commit in fitting if _is_same(claim, contents.of(commit.id, claim.path))]
    own = [commit for commit in exact or fitting if commit.id == claim.revision]
    children = [commit for commit in exact or fitting if commit.id != claim.revision]
    # Either may be meant. What was logged after the revision landed was written on top of it.
    landed = base.committed if base else None
    later = bool(claim.time and landed and claim.time > landed)
    return children if children and (later or not own) else own


def _fits(claim: Claim, commit: Commit, contents: Contents) -> bool:
    """Whether *commit* brought in most of the claimed lines, blank ones apart."""
    before = contents.of(commit.parents[0], claim.path) if commit.parents else ()
    known = Counter(line.strip() for line in before)
    claimed = contents.of(commit.id, claim.path)[claim.first - 1 : claim.last]
    lines = [line.strip() for line in claimed if line.strip()]
    return 2 * sum(line not in known for line in lines) > len(lines)


def _is_same(claim: Claim, lines: Sequence[bytes]) -> bool:
    """Whether the hash of *claim* is that of its lines, however the tool ends the last of them."""
    algorithm, _, digest = (claim.hash or "").partition(":")
    if algorithm != "sha256" or len(digest) < _SHORTEST_HASH:
        return False
    text = b"\n".join(lines[claim.first - 1 : claim.last])
    hashes = (hashlib.sha256(one).hexdigest() for one in (text, text + b"\n", text.strip()))
    return any(one.startswith(digest) for one in hashes)


LOG: Final = ".agent-trace/traces.jsonl"
LOG_REFS: Final = "refs/agentdiff/traces/"


def log_claims(git: Git) -> list[Claim]:
    """What all logs of *git* claim about its files."""
    return [claim for text, where in _logs(git) for claim in about_files(text, where, git.root)]


def about_files(text: bytes, where: str, root: Path) -> Iterator[Claim]:
    """The claims in *text*, found at *where*, that are about files of the repository at *root*."""
    for claim in parse(text.decode("utf-8", "replace"), where):
        if path := _relative(claim.path, root.as_posix()):
            yield replace(claim, path=path)


def log_of_tree(git: Git) -> bytes:
    """The log of the work tree or, where it is not checked out, of the commit; empty for none."""
    try:
        return Path(git.root, LOG).read_bytes()
    except OSError:
        [content] = notes.read(git, [f"{git.head()}:{LOG}"])
        return content or b""


def _logs(git: Git) -> Iterator[tuple[bytes, str]]:
    """Each log, and where it is kept."""
    yield log_of_tree(git), LOG
    refs = matching_refs(git, LOG_REFS)
    found = notes.read(git, (f"{ref}:traces.jsonl" for ref in refs))
    for ref, content in zip(refs, found, strict=True):
        yield content or b"", ref


def _relative(path: str, root: str) -> str | None:
    """*path* from *root* on; None for one elsewhere, for a URL, and for one that git can't name."""
    path = path.removeprefix(f"{root}/")
    elsewhere = path.startswith(("/", "../")) or ":" in path.partition("/")[0]
    return None if elsewhere or not _is_name(path) else os.path.normpath(path)


def _is_name(path: str) -> bool:
    return bool(path) and path.isprintable()


_NOTES: Final = "refs/notes/sce-agent-trace"
REFS: Final = (_NOTES, LOG_REFS)


def sources(git: Git) -> Iterator[Source]:
    """Notes, where the commit is known; then logs, where it has to be found."""
    for ref in matching_refs(git, _NOTES):
        yield NotedRecords(noted(git, ref), lambda note, ref: _note_traces(note, ref, git.root))
    if claims := log_claims(git):
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


def _note_traces(note: bytes, ref: str, root: Path) -> Record:
    """A note hangs on the commit that holds the lines, whatever revision it names."""
    claims = about_files(note, ref, root)
    return record((c.path, Stretch(c.first, max(c.first, c.last), c.mark)) for c in claims)
