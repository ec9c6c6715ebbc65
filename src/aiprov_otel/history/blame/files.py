"""Blames files; git runs in as many processes as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import source_files
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.history.blame.strategy import WorkTree
from aiprov_otel.history.evidence import spdx
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.git.process import IGNORE_REVS
from aiprov_otel.history.source_files import TrackedFile
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
        generated: whether it looks as if a generator wrote it.
    """

    file: TrackedFile
    hash: str
    hunks: Sequence[Hunk]
    widths: Sequence[int]
    problem: str | None = None
    tag: Mark | None = None
    generated: bool = False


def blame_all(
    work_tree: WorkTree, files: Sequence[TrackedFile], progress: Progress | None
) -> list[BlamedFile | tuple[str, str]]:
    """Each file with its hunks, or its path with the reason why not."""
    # What is known already is not worth the hand-over to another thread.
    known = {file: found for file in files if (found := _known(work_tree, file))}
    outcomes: list[BlamedFile | tuple[str, str]] = list(known.values())
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        asked = (file for file in files if file not in known)
        for outcome in pool.map(partial(_blame, work_tree), asked):
            outcomes.append(outcome)
            if progress:
                progress(len(outcomes), len(files))
    except BaseException:
        # Without waiting: a signal inside a lock of a future would have us wait for ever.
        pool.shutdown(wait=False, cancel_futures=True)
        work_tree.git.stop()
        raise
    pool.shutdown()
    return outcomes


def _known(work_tree: WorkTree, file: TrackedFile) -> BlamedFile | None:
    """*file* where git need not be asked about it."""
    if not work_tree.may_be_at_hand(file.source):
        return None
    try:
        content = _content(work_tree, file)
    except OSError:  # `_blame` says so
        return None
    hunks = work_tree.at_hand(file.source, content)
    return None if hunks is None else _blamed(file, content, lambda: hunks)


def _blame(work_tree: WorkTree, file: TrackedFile) -> BlamedFile | tuple[str, str]:
    try:
        content = _content(work_tree, file)
    except OSError as error:
        return file.path, f"can't be read: {error.strerror or error}"
    return _blamed(file, content, lambda: work_tree.hunks(file.source, content))


def _content(work_tree: WorkTree, file: TrackedFile) -> bytes:
    return Path(work_tree.git.root, file.source).read_bytes()


def _blamed(file: TrackedFile, content: bytes, lookup: Callable[[], Sequence[Hunk]]) -> BlamedFile:
    widths = blame_hunks.widths(content)
    hunks, problem = _hunks(lookup, file.source, len(widths))
    tag, looks = spdx.find(content), source_files.looks_generated(file.path, content)
    return BlamedFile(file, content_hash(content), hunks, widths, problem, tag, looks)


def _hunks(
    lookup: Callable[[], Sequence[Hunk]], path: str, lines: int
) -> tuple[Sequence[Hunk], str | None]:
    """The hunks of the file at *path* and why they say nothing, if they don't."""
    unknown = [Hunk(blame_hunks.NOBODY, 1, lines, 1, path)]
    try:
        hunks = lookup()
    except HistoryError as error:  # an object that a partial clone lacks, for one
        if IGNORE_REVS in str(error):
            raise
        return unknown, str(error)
    if blame_hunks.covers(hunks, lines):
        return hunks, None
    return unknown, (
        "git sees other lines than Python does: a filter or an encoding changes the file"
    )
