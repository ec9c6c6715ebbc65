"""What a build starts from: what the build before it learned, or the whole history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Final

from aiprov_otel.history import cache, graph, passing, reading
from aiprov_otel.history.cache import Known
from aiprov_otel.history.git import Git
from aiprov_otel.history.lineage import Since, Whole
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.reading import Progress, Reading
from aiprov_otel.history.tree import TrackedFile

_LONG: Final = 1_000  # commits
_AT_ONCE: Final = 500  # so many differences between commits are held in memory


def read(
    git: Git, policy: Policy, files: Sequence[TrackedFile], progress: Progress | None = None
) -> Reading:
    """
    Blame *files* as they are in the work tree, and decide about each line of them.

    Git is asked only for what is not known from the last time; its answers are kept for the next.
    """
    begun = start(git, git.head())
    with graph.beside(git, begun.lineage.head, begun.deep(files)):
        found = reading.read(git, policy, files, progress, begun.lineage)
    begun.save(git)
    return replace(found, note=begun.why_whole)


@dataclass(frozen=True)
class Start:
    """
    What is known before any file is blamed.

    Attributes:
        lineage: says where the lines of committed files come from.
        key: the circumstances of this build.
        why_whole: why nothing that was kept is of use; None where it is, or nothing was.
        same: the files about which git need not be asked again.
        commits: how many are new; None where all are.
    """

    lineage: Whole
    key: str
    why_whole: str | None
    same: frozenset[str] = frozenset()
    commits: int | None = None

    def deep(self, files: Iterable[TrackedFile]) -> int:
        """How many of *files* are going to be blamed through a long stretch of history."""
        if self.commits is not None and self.commits < _LONG:
            return 0
        return sum(file.source not in self.same for file in files)

    def save(self, git: Git) -> None:
        """Keep what is known now for the next build."""
        if not git.follows_moves:
            cache.save(git.root, Known(self.key, self.lineage.head, self.lineage.known))


def start(git: Git, head: str) -> Start:
    """What is known of the files of *head* before any is blamed."""
    key = _key(git)
    known = None if git.follows_moves else cache.load(git.root, key)
    if isinstance(known, Known) and not git.descends(head, known.head):
        known = "the commit of the last build is not in the history of this one"
    if not isinstance(known, Known):
        return Start(Whole(git, head), key, known)
    rows = git.commits(f"^{known.head}", head)
    same = passing.unchanged(_edges(git, rows), head, known.head, known.files)
    new = {row[0] for row in rows}
    lineage = Since(git, head, base=known.head, hunks=known.files, new=new, same=same)
    return Start(lineage, key, None, frozenset(same), len(rows))


def _edges(git: Git, rows: Sequence[tuple[str, ...]]) -> Iterator[passing.Edge]:
    pairs = [(commit, parent) for commit, *parents in rows for parent in parents]
    for position in range(0, len(pairs), _AT_ONCE):
        some = pairs[position : position + _AT_ONCE]
        yield from passing.parse(some, git.differences(some))


def _key(git: Git) -> str:
    """What is cached holds for one release, asking one git, in one way."""
    return hashlib.sha256(_release().encode() + b"\0" + git.circumstances()).hexdigest()


def _release() -> str:
    try:
        return metadata.version("aiprov-otel")
    except metadata.PackageNotFoundError:  # run from a checkout
        return ""
