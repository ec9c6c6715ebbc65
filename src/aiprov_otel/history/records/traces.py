"""Where Agent Trace records are kept, and which commit holds the lines that each is about."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Final

from aiprov_otel.history.commits import Commit
from aiprov_otel.history.git import Git
from aiprov_otel.history.records import notes
from aiprov_otel.history.records.agent_trace import Claim, parse
from aiprov_otel.history.records.record import Record, Source, Stretch, record

_LOG: Final = ".agent-trace/traces.jsonl"
_NOTES: Final = "refs/notes/sce-agent-trace"
_REFS: Final = "refs/agentdiff/traces/"
_SHORTEST_HASH: Final = 8  # some tools write the beginning of one


def sources(git: Git) -> Iterator[Source]:
    """Notes, where the commit is known; then logs, where it has to be found."""
    for ref in notes.refs(git, _NOTES):
        yield notes.NotedRecords(git, ref, lambda note, ref: _of_note(note, ref, git.root))
    claims = [claim for text, where in _logs(git) for claim in _claims(text, where, git.root)]
    if claims:
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
        holding = _Contents(self._git, places)
        found = defaultdict(list)
        for claim, candidates in places:
            for commit in _holders(claim, candidates, holding, commits.get(claim.revision or "")):
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


class _Contents:
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


def _holders(
    claim: Claim, candidates: Sequence[Commit], contents: _Contents, base: Commit | None
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


def _fits(claim: Claim, commit: Commit, contents: _Contents) -> bool:
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


def _logs(git: Git) -> Iterator[tuple[str, str]]:
    """The text of each log, and where it is kept."""
    yield _log_of_tree(git), _LOG
    refs = notes.refs(git, _REFS)
    found = notes.read(git, (f"{ref}:traces.jsonl" for ref in refs))
    for ref, content in zip(refs, found, strict=True):
        yield (content or b"").decode("utf-8", "replace"), ref


def _log_of_tree(git: Git) -> str:
    try:
        return Path(git.root, _LOG).read_text("utf-8", "replace")
    except OSError:
        [content] = notes.read(git, [f"{git.head()}:{_LOG}"])
        return (content or b"").decode("utf-8", "replace")


def _claims(text: str, where: str, root: Path) -> Iterator[Claim]:
    """The claims in *text* that are about files of the repository at *root*."""
    for claim in parse(text, where):
        if path := _relative(claim.path, root.as_posix()):
            yield replace(claim, path=path)


def _relative(path: str, root: str) -> str | None:
    """*path* from *root* on; None for one elsewhere, for a URL, and for one that git can't name."""
    path = path.removeprefix(f"{root}/")
    elsewhere = path.startswith(("/", "../")) or ":" in path.partition("/")[0]
    return None if elsewhere or not _is_name(path) else os.path.normpath(path)


def _is_name(path: str) -> bool:
    return bool(path) and path.isprintable()


def _of_note(note: bytes, ref: str, root: Path) -> Record:
    """A note hangs on the commit that holds the lines, whatever revision it names."""
    claims = _claims(note.decode("utf-8", "replace"), ref, root)
    return record((c.path, Stretch(c.first, max(c.first, c.last), c.mark)) for c in claims)
