"""Blames files and attributes their lines; git runs in as many processes as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import attribution, blame, commits, marks
from aiprov_otel.history.agents import Table
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.git import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.tree import TrackedFile
from aiprov_otel.manifest import SourceFile, content_hash
from aiprov_otel.manifest.document import runs_of

Progress = Callable[[int, int], None]
"""Called with how many files are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class BlamedFile:
    """
    A file and who owns its lines.

    Attributes:
        file: which.
        hash: of its content.
        owners: one commit a line, as Python numbers them; None where git sees other lines.
        lines: how many there are.
    """

    file: TrackedFile
    hash: str
    owners: Sequence[str] | None
    lines: int


@dataclass(frozen=True)
class Reading:
    """
    Files with a decision for each of their lines.

    Attributes:
        blamed: the files, sorted by path.
        decisions: by commit, for every commit that owns a line.
        left_out: path and reason of the files that can't be read.
    """

    blamed: tuple[BlamedFile, ...]
    decisions: dict[str, Decision]
    left_out: tuple[tuple[str, str], ...]

    def lines(self, blamed: BlamedFile) -> Iterator[Decision]:
        """The decision for each line of *blamed*."""
        if blamed.owners is None:
            return iter([attribution.UNREADABLE] * blamed.lines)
        return (self.decisions[owner] for owner in blamed.owners)

    def sources(self) -> Iterator[SourceFile]:
        """The files as the manifest holds them."""
        for blamed in self.blamed:
            file = blamed.file
            known = {
                id(d): replace(d.provenance, path=file.path) for d in set(self.lines(blamed))
            }
            runs = tuple(runs_of(known[id(decision)] for decision in self.lines(blamed)))
            yield SourceFile(file.path, file.import_path, blamed.hash, runs)


def read(
    git: Git, policy: Policy, files: Sequence[TrackedFile], progress: Progress | None = None
) -> Reading:
    """Blame *files* as they are in the work tree, and decide about each commit that is found."""
    blamed, left_out = [], []
    for file, outcome in _each(git, policy, files, progress):
        if isinstance(outcome, str):
            left_out.append((file.path, outcome))
        else:
            blamed.append(outcome)
    blamed.sort(key=lambda one: one.file.path)
    names = {name for one in blamed for name in set(one.owners or ())}
    decisions = decide(git, policy, sorted(names))
    return Reading(tuple(blamed), decisions, tuple(sorted(left_out)))


def decide(git: Git, policy: Policy, names: Sequence[str]) -> dict[str, Decision]:
    """What is said of the lines of each of the commits *names*."""
    table = Table(policy.extra_agents)
    boundaries = git.boundaries()
    known = commits.parse_batch(git.objects(n for n in names if not blame.uncommitted(n)))
    return {name: _decision(name, known.get(name), boundaries, table, policy) for name in names}


def _decision(
    name: str,
    commit: commits.Commit | None,
    boundaries: frozenset[str],
    table: Table,
    policy: Policy,
) -> Decision:
    if blame.uncommitted(name):
        return attribution.UNCOMMITTED
    if name in boundaries:
        return attribution.BOUNDARY
    if commit is None:
        return attribution.MISSING
    return attribution.decide(commit, marks.find(commit, table), policy)


def _each(
    git: Git, policy: Policy, files: Sequence[TrackedFile], progress: Progress | None
) -> Iterable[tuple[TrackedFile, BlamedFile | str]]:
    """Each file with its blame, or with the reason why it has none; in any order."""
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        futures: dict[Future[BlamedFile | str], TrackedFile] = {
            pool.submit(_blame, git, policy, file): file for file in files
        }
        for done, future in enumerate(as_completed(futures), start=1):
            yield futures[future], future.result()
            if progress:
                progress(done, len(files))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        git.stop()
        raise
    finally:
        pool.shutdown()


def _blame(git: Git, policy: Policy, file: TrackedFile) -> BlamedFile | str:
    try:
        content = Path(git.root, file.source).read_bytes()
    except OSError as error:
        return f"can't be read: {error.strerror or error}"
    try:
        hunks = blame.parse(git.blame(file.source, policy.ignore_revs_file))
    except HistoryError:
        raise
    owners = blame.owners(hunks, content)
    return BlamedFile(file, content_hash(content), owners, len(content.splitlines()))
