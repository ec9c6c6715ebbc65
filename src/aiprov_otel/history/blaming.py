"""Blames files; git runs in as many processes as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import blame, markers
from aiprov_otel.history.blame import Hunk
from aiprov_otel.history.complaints import IGNORE_REVS
from aiprov_otel.history.lineage import WorkTree
from aiprov_otel.history.marks import Mark
from aiprov_otel.history.tree import TrackedFile
from aiprov_otel.manifest import content_hash

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


def blame_all(
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
