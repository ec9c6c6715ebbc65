"""Blames only what is new since the last build, where its cache can be used."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aiprov_otel.history import attribute
from aiprov_otel.history.attribute import Attribution
from aiprov_otel.history.blame import cache, circumstances
from aiprov_otel.history.blame.cache import Cached
from aiprov_otel.history.blame.files import Progress
from aiprov_otel.history.blame.strategy import FullBlame, IncrementalBlame
from aiprov_otel.history.git import commit_graph, diff_tree
from aiprov_otel.history.git.ancestry import new_commits
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.source_files import TrackedFile

_MANY_COMMITS: Final = 1_000


def attribute_files(
    git: Git, policy: Policy, files: Sequence[TrackedFile], progress: Progress | None = None
) -> Attribution:
    """
    Blames *files* as they are in the work tree, and decides about each line of them.

    Git is started only for what the cache lacks; its answers are kept for the next build.
    """
    start = load_start(git, git.head())
    with commit_graph.temporary_graph(git, start.strategy.head, start.count_deep(files)):
        attributed = attribute.attribute_files(git, policy, files, progress, start.strategy)
    start.save(git)
    return replace(attributed, note=start.why_full)


@dataclass(frozen=True)
class Start:
    """
    What is known before any file is blamed.

    Attributes:
        strategy: blames the committed files.
        key: the circumstances of this build.
        why_full: why the cache is of no use; None where it is used, or there is none.
        shallow: the files that are blamed through a short part of the history, or not at all.
    """

    strategy: FullBlame
    key: str
    why_full: str | None = None
    shallow: Container[str] = ()

    def count_deep(self, files: Iterable[TrackedFile]) -> int:
        """How many of *files* will be blamed through a long part of the history."""
        return sum(file.source not in self.shallow for file in files)

    def save(self, git: Git) -> None:
        """Keeps the hunks for the next build."""
        if not git.follows_moves and not git.revision:
            cache.save(git.root, Cached(self.key, self.strategy.head, self.strategy.hunks))


def load_start(git: Git, head: str) -> Start:
    """What the cache knows about the files of *head*."""
    key = circumstances.cache_key(git)
    cached = None if git.follows_moves else cache.load(git.root, key)
    if not isinstance(cached, Cached):
        return Start(FullBlame(git, head), key, cached)
    rows = new_commits(git, cached.head, head)
    if rows is None:
        why = "the commit of the last build is not in the history of this one"
        return Start(FullBlame(git, head), key, why)
    edges = diff_tree.read_edges(git, rows)
    same = diff_tree.unchanged_paths(edges, head, cached.head, cached.files)
    new = {row[0] for row in rows}
    strategy = IncrementalBlame(git, head, base=cached.head, hunks=cached.files, new=new, same=same)
    return Start(strategy, key, shallow=cached.files if len(rows) < _MANY_COMMITS else same)
