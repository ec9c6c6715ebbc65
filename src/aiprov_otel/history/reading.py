"""Blames files and attributes their lines; git runs in as many processes as there are cores."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from pathlib import Path

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import blame, markers
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.blame import Hunk
from aiprov_otel.history.complaints import IGNORE_REVS
from aiprov_otel.history.deciding import Decisions
from aiprov_otel.history.git import Git
from aiprov_otel.history.lineage import Lineage, Whole, WorkTree
from aiprov_otel.history.marks import Mark
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.tree import TrackedFile
from aiprov_otel.manifest import SourceFile, content_hash
from aiprov_otel.manifest.document import folded
from aiprov_otel.values import Provenance

Progress = Callable[[int, int], None]
"""Called with how many files are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class BlamedFile:
    """
    A file and where its lines come from.

    Attributes:
        file: which.
        hash: of its content.
        hunks: every line as git numbers them, in order.
        widths: how many lines of Python each of those is.
        problem: why git could not say whose the lines are; None where it did.
        tag: what the file says of itself.
    """

    file: TrackedFile
    hash: str
    hunks: Sequence[Hunk]
    widths: Sequence[int]
    problem: str | None = None
    tag: Mark | None = None


@dataclass(frozen=True)
class Reading:
    """
    Files with a decision for each of their lines.

    Attributes:
        blamed: the files, sorted by path.
        decisions: about any line of those files.
        left_out: path and reason of the files that can't be read.
        note: why git had to be asked about all of them, where it was unexpected.
    """

    blamed: tuple[BlamedFile, ...]
    decisions: Decisions
    left_out: tuple[tuple[str, str], ...]
    note: str | None = None

    def sources(self) -> Iterator[SourceFile]:
        """The files as the manifest holds them."""
        for one in self.blamed:
            path, import_path = one.file.path, one.file.import_path
            runs = tuple(folded(_placed(self.stretches(one), path)))
            yield SourceFile(path, import_path, one.hash, runs)

    def lines(self, one: BlamedFile) -> Iterator[Decision]:
        """The decision about each line of *one*, as Python numbers them."""
        for decision, count in self.stretches(one):
            yield from repeat(decision, count)

    def stretches(self, one: BlamedFile) -> Iterator[tuple[Decision, int]]:
        """The decisions about *one* in order, each with for how many lines of Python it holds."""
        line, alike = 0, sum(one.widths) == len(one.widths)
        for hunk in one.hunks:
            for decision, count in self.decisions.of(hunk, one.tag):
                yield decision, count if alike else sum(one.widths[line : line + count])
                line += count

    def tally(self) -> list[tuple[Decision, int]]:
        """Each decision with the number of lines that it is about."""
        counts: Counter[int] = Counter()
        known: dict[int, Decision] = {}
        for one in self.blamed:
            for decision, count in self.stretches(one):
                known[id(decision)] = decision
                counts[id(decision)] += count
        return [(known[key], count) for key, count in counts.items()]


def _placed(
    stretches: Iterable[tuple[Decision, int]], path: str
) -> Iterator[tuple[Provenance, int]]:
    """The provenance of each of *stretches* as that of the file at *path*."""
    known: dict[int, Provenance] = {}
    for decision, count in stretches:
        if (provenance := known.get(id(decision))) is None:
            provenance = known[id(decision)] = replace(decision.provenance, path=path)
        yield provenance, count


def read(
    git: Git,
    policy: Policy,
    files: Sequence[TrackedFile],
    progress: Progress | None = None,
    lineage: Lineage | None = None,
) -> Reading:
    """
    Blame *files* as they are in the work tree, and decide about each line of them.

    What is committed is asked of *lineage*; without one, of the whole history.
    """
    outcomes = _blame_all(WorkTree(git, lineage or Whole(git, git.head())), files, progress)
    blamed = [one for one in outcomes if isinstance(one, BlamedFile)]
    left_out = [one for one in outcomes if not isinstance(one, BlamedFile)]
    return Reading(
        blamed=tuple(sorted(blamed, key=lambda one: one.file.path)),
        decisions=Decisions(git, policy, (hunk for one in blamed for hunk in one.hunks)),
        left_out=tuple(sorted(left_out)),
    )


def _blame_all(
    work_tree: WorkTree, files: Sequence[TrackedFile], progress: Progress | None
) -> list[BlamedFile | tuple[str, str]]:
    """Each file with its hunks, or its path with the reason why not."""
    outcomes = []
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for done, outcome in enumerate(pool.map(partial(_blame, work_tree), files), start=1):
            outcomes.append(outcome)
            if progress:
                progress(done, len(files))
    except BaseException:
        # Without waiting: a signal inside a lock of a future would have us wait for ever.
        pool.shutdown(wait=False, cancel_futures=True)
        work_tree.git.stop()
        raise
    pool.shutdown()
    return outcomes


def _blame(work_tree: WorkTree, file: TrackedFile) -> BlamedFile | tuple[str, str]:
    try:
        content = Path(work_tree.git.root, file.source).read_bytes()
    except OSError as error:
        return file.path, f"can't be read: {error.strerror or error}"
    widths = blame.widths(content)
    hunks, problem = _hunks(work_tree, file.source, content, len(widths))
    tag = markers.find(content)
    return BlamedFile(file, content_hash(content), hunks, widths, problem, tag)


def _hunks(
    work_tree: WorkTree, path: str, content: bytes, lines: int
) -> tuple[Sequence[Hunk], str | None]:
    """The hunks of the file at *path* and why they say nothing, if they don't."""
    unknown = [Hunk(blame.NOBODY, 1, lines, 1, path)]
    try:
        hunks = work_tree.hunks(path, content)
    except HistoryError as error:  # an object that a partial clone lacks, for one
        if IGNORE_REVS in str(error):
            raise
        return unknown, str(error)
    if blame.covers(hunks, lines):
        return hunks, None
    return unknown, (
        "git sees other lines than Python does: a filter or an encoding changes the file"
    )
