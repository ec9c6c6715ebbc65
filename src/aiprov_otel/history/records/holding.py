"""Which commit holds the lines that a claim is about: its revision, or a child of that."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from aiprov_otel.history.evidence import notes
from aiprov_otel.history.evidence.agent_trace import Claim
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git

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
