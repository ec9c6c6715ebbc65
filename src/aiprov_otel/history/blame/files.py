"""Blames files, in as many git processes as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from aiprov_otel.errors import HistoryError
from aiprov_otel.files import read_regular
from aiprov_otel.history import source_files
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.blame.hunks import Hunk, Hunks
from aiprov_otel.history.blame.strategy import WorkTree
from aiprov_otel.history.evidence import spdx
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.git.process import IGNORE_REVS_ERROR
from aiprov_otel.history.source_files import TrackedFile
from aiprov_otel.manifest import content_hash

Progress = Callable[[int, int], None]
"""Called with how many files are done, and how many there are."""


class BlamedFile(NamedTuple):
    """
    A file and where its lines come from.

    Attributes:
        file: the tracked file.
        hash: of its content.
        hunks: every line as git numbers them, in order.
        widths: how many lines of Python each line of git is.
        problem: why git could not attribute the lines; None where it did.
        tag: the SPDX tag at the top of the file.
        generated: whether the file looks generated.
    """

    file: TrackedFile
    hash: str
    hunks: Hunks
    widths: Sequence[int]
    problem: str | None = None
    tag: Mark | None = None
    generated: bool = False


def blame_files(
    work_tree: WorkTree, files: Sequence[TrackedFile], progress: Progress | None
) -> list[BlamedFile | tuple[str, str]]:
    """Each file with its hunks, or its path and the reason why it has none."""
    # A cached file is not worth the hand-over to another thread.
    cached = {file: blamed for file in files if (blamed := _look_up(work_tree, file))}
    outcomes: list[BlamedFile | tuple[str, str]] = list(cached.values())
    rest = [file for file in files if file not in cached]
    if len(rest) <= 1:
        return [*outcomes, *(_blame(work_tree, file) for file in rest)]
    from concurrent.futures import (
        ThreadPoolExecutor,  # importing it costs as much as blaming one file
    )

    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for outcome in pool.map(partial(_blame, work_tree), rest):
            outcomes.append(outcome)
            if progress:
                progress(len(outcomes), len(files))
    except BaseException:
        # Without waiting: a signal inside a lock of a future would make us wait for ever.
        pool.shutdown(wait=False, cancel_futures=True)
        work_tree.git.stop()
        raise
    pool.shutdown()
    return outcomes


def _look_up(work_tree: WorkTree, file: TrackedFile) -> BlamedFile | None:
    """*file* where git need not be started for it."""
    if not work_tree.may_be_cached(file.source):
        return None
    try:
        content = _read(work_tree, file)
    except OSError:  # `_blame` reports it
        return None
    hunks = work_tree.cached(file.source, content)
    return None if hunks is None else _make_blamed(file, content, lambda: hunks)


def _blame(work_tree: WorkTree, file: TrackedFile) -> BlamedFile | tuple[str, str]:
    try:
        content = _read(work_tree, file)
    except OSError as error:
        return file.path, f"can't be read: {error.strerror or error}"
    return _make_blamed(file, content, lambda: work_tree.blame(file.source, content))


def _read(work_tree: WorkTree, file: TrackedFile) -> bytes:
    return read_regular(Path(work_tree.git.root, file.source))


def _make_blamed(
    file: TrackedFile, content: bytes, blame: Callable[[], Sequence[Hunk]]
) -> BlamedFile:
    widths = blame_hunks.python_lines(content)
    hunks, problem = _checked_hunks(blame, file.source, len(widths))
    tag, generated = spdx.find_tag(content), source_files.looks_generated(file.path, content)
    digest, columns = content_hash(content), Hunks.of(hunks)
    return BlamedFile(file, digest, columns, widths, problem, tag, generated)


def _checked_hunks(
    blame: Callable[[], Sequence[Hunk]], path: str, lines: int
) -> tuple[Sequence[Hunk], str | None]:
    """The hunks of the file at *path*, and why they attribute nothing, if they don't."""
    unknown = [Hunk(blame_hunks.NO_COMMIT, 1, lines, 1, path)]
    try:
        hunks = blame()
    except HistoryError as error:  # an object that a partial clone lacks, for one
        if IGNORE_REVS_ERROR in str(error):
            raise
        return unknown, str(error)
    if blame_hunks.covers(hunks, lines):
        return hunks, None
    return unknown, ("git sees other lines than Python does: an encoding changes the file")
