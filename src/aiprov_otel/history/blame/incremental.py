"""What a build starts from: what the build before it learned, or the whole history."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import attribute
from aiprov_otel.history.attribute import Reading
from aiprov_otel.history.blame import cache
from aiprov_otel.history.blame.cache import Known
from aiprov_otel.history.blame.files import Progress
from aiprov_otel.history.blame.strategy import Since, Whole
from aiprov_otel.history.git import commit_graph, diff_tree, repository
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.source_files import TrackedFile

_LONG: Final = 1_000  # commits


def read(
    git: Git, policy: Policy, files: Sequence[TrackedFile], progress: Progress | None = None
) -> Reading:
    """
    Blame *files* as they are in the work tree, and decide about each line of them.

    Git is asked only for what is not known from the last time; its answers are kept for the next.
    """
    begun = start(git, git.head())
    with commit_graph.beside(git, begun.lineage.head, begun.deep(files)):
        found = attribute.read(git, policy, files, progress, begun.lineage)
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
        shallow: the files that are blamed through a short stretch of history, or not at all.
    """

    lineage: Whole
    key: str
    why_whole: str | None = None
    shallow: Container[str] = ()

    def deep(self, files: Iterable[TrackedFile]) -> int:
        """How many of *files* are going to be blamed through a long stretch of history."""
        return sum(file.source not in self.shallow for file in files)

    def save(self, git: Git) -> None:
        """Keep what is known now for the next build."""
        if not git.follows_moves and not git.revision:
            cache.save(git.root, Known(self.key, self.lineage.head, self.lineage.known))


def start(git: Git, head: str) -> Start:
    """What is known of the files of *head* before any is blamed."""
    key = _key(git)
    known = None if git.follows_moves else cache.load(git.root, key)
    if not isinstance(known, Known):
        return Start(Whole(git, head), key, known)
    rows = _since(git, known.head, head)
    if rows is None:
        why = "the commit of the last build is not in the history of this one"
        return Start(Whole(git, head), key, why)
    same = diff_tree.unchanged(diff_tree.edges(git, rows), head, known.head, known.files)
    new = {row[0] for row in rows}
    lineage = Since(git, head, base=known.head, hunks=known.files, new=new, same=same)
    return Start(lineage, key, shallow=known.files if len(rows) < _LONG else same)


def _since(git: Git, base: str, head: str) -> list[tuple[str, ...]] | None:
    """The commits that lead from *base* to *head*; None where none does."""
    try:
        rows = git.commits(f"^{base}", head)
    except HistoryError:  # it is not even there any more
        return None
    # What is listed leads to head: so does whatever is a parent of it.
    return rows if base == head or any(base in row[1:] for row in rows) else None


def _key(git: Git) -> str:
    """What is cached holds for one release, asking one git, in one way."""
    return hashlib.sha256(_release().encode() + b"\0" + _circumstances(git)).hexdigest()


def _circumstances(git: Git) -> bytes:
    """What answers about old commits depend on beside them: this git, and what it is told."""
    replaced = (f"{ref} {git.refs[ref]}" for ref in matching_refs(git, "refs/replace/"))
    asked = (*replaced, *sorted(repository.boundaries(git)), *git.blame_options, *git.ignored)
    return git.run("version") + os.fsencode("\n".join(asked))


def _release() -> str:
    try:
        return metadata.version("aiprov-otel")
    except metadata.PackageNotFoundError:  # run from a checkout
        return ""
