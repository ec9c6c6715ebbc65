"""Blames files and attributes their lines; git runs in as many processes as there are cores."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import attribution, blame, commits, marks
from aiprov_otel.history.agents import Table
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.git import IGNORE_REVS, Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.tree import TrackedFile
from aiprov_otel.manifest import SourceFile, content_hash
from aiprov_otel.manifest.document import runs_of

Progress = Callable[[int, int], None]
"""Called with how many files are done, and how many there are."""

_NOBODY: Final = ""
"""The owner of each line of a file that git can't blame."""


@dataclass(frozen=True, slots=True)
class BlamedFile:
    """
    A file and who owns its lines.

    Attributes:
        file: which.
        hash: of its content.
        owners: one commit a line, as Python numbers them.
        problem: why git could not say whose the lines are; None where it did.
    """

    file: TrackedFile
    hash: str
    owners: Sequence[str]
    problem: str | None = None


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

    def sources(self) -> Iterator[SourceFile]:
        """The files as the manifest holds them."""
        for one in self.blamed:
            path, import_path = one.file.path, one.file.import_path
            known = {
                owner: replace(self.decisions[owner].provenance, path=path)
                for owner in set(one.owners)
            }
            runs = tuple(runs_of(known[owner] for owner in one.owners))
            yield SourceFile(path, import_path, one.hash, runs)

    def tally(self) -> list[tuple[Decision, int]]:
        """Each decision with the number of lines that it is about."""
        lines = Counter(owner for one in self.blamed for owner in one.owners)
        return [(self.decisions[owner], count) for owner, count in lines.items()]


def read(
    git: Git, policy: Policy, files: Sequence[TrackedFile], progress: Progress | None = None
) -> Reading:
    """Blame *files* as they are in the work tree, and decide about each commit that is found."""
    outcomes = _blame_all(git, policy, files, progress)
    blamed = [one for one in outcomes if isinstance(one, BlamedFile)]
    left_out = [one for one in outcomes if not isinstance(one, BlamedFile)]
    names = {owner for one in blamed for owner in set(one.owners)}
    return Reading(
        blamed=tuple(sorted(blamed, key=lambda one: one.file.path)),
        decisions=_decide(git, policy, names),
        left_out=tuple(sorted(left_out)),
    )


def _blame_all(
    git: Git, policy: Policy, files: Sequence[TrackedFile], progress: Progress | None
) -> list[BlamedFile | tuple[str, str]]:
    """Each file with its owners, or its path with the reason why not; in any order."""
    outcomes = []
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        futures = [pool.submit(_blame, git, policy, file) for file in files]
        for done, future in enumerate(as_completed(futures), start=1):
            outcomes.append(future.result())
            if progress:
                progress(done, len(files))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        git.stop()
        raise
    finally:
        pool.shutdown()
    return outcomes


def _blame(git: Git, policy: Policy, file: TrackedFile) -> BlamedFile | tuple[str, str]:
    try:
        content = Path(git.root, file.source).read_bytes()
    except OSError as error:
        return file.path, f"can't be read: {error.strerror or error}"
    owners, problem = _owners(git, policy, file, content)
    return BlamedFile(file, content_hash(content), owners, problem)


def _owners(
    git: Git, policy: Policy, file: TrackedFile, content: bytes
) -> tuple[Sequence[str], str | None]:
    try:
        hunks = blame.parse(git.blame(file.source, policy.ignore_revs_file))
    except HistoryError as error:  # an object that a partial clone lacks, for one
        if IGNORE_REVS in str(error):
            raise
        return [_NOBODY] * len(content.splitlines()), str(error)
    if (owners := blame.owners(hunks, content)) is not None:
        return owners, None
    problem = "git sees other lines than Python does: a filter or an encoding changes the file"
    return [_NOBODY] * len(content.splitlines()), problem


def _decide(git: Git, policy: Policy, names: Iterable[str]) -> dict[str, Decision]:
    """What is said of the lines of each of the commits *names*."""
    table = Table(policy.extra_agents)
    boundaries = git.boundaries()
    ordered = sorted(names)
    wanted = [name for name in ordered if not blame.uncommitted(name)]
    known = commits.parse_batch(git.objects(wanted)) if wanted else {}
    return {name: _decision(name, known.get(name), boundaries, table, policy) for name in ordered}


def _decision(
    name: str,
    commit: commits.Commit | None,
    boundaries: frozenset[str],
    table: Table,
    policy: Policy,
) -> Decision:
    if name == _NOBODY:
        return attribution.UNBLAMED
    if blame.uncommitted(name):
        return attribution.UNCOMMITTED
    if name in boundaries:
        return attribution.BOUNDARY
    if commit is None:
        return attribution.MISSING
    return attribution.decide(commit, marks.find(commit, table), policy)
