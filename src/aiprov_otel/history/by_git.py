"""Answers that git is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aiprov_otel.history import attribute, generated, source_files
from aiprov_otel.history.answer import GIT, FileAnswer, Place, TreeAnswer
from aiprov_otel.history.blame import hunks, incremental
from aiprov_otel.history.blame.files import BlamedFile, Progress
from aiprov_otel.history.git import remote
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy


def of_tree(git: Git, policy: Policy, progress: Progress | None = None) -> TreeAnswer:
    """
    Every file that counts under *policy*.

    Raises:
        HistoryError: one of them can't be read.
    """
    read = incremental.read(git, policy, source_files.read(git, policy).files, progress)
    if read.left_out:
        raise read.unreadable(git.root)
    sources = tuple(generated.flagged(git, read.sources()))
    return TreeAnswer(sources, GIT, git.head(), remote.https(remote.url(git)), policy.to_json())


def of_file(git: Git, policy: Policy, path: Path) -> FileAnswer:
    """
    The file at *path*, with the decision about each line and the place where it comes from.

    Raises:
        HistoryError: git does not track it, or it can't be read.
    """
    read = attribute.read(git, policy, [source_files.locate(git, path)])
    if not read.blamed:
        raise read.unreadable(git.root)
    [blamed] = read.blamed
    [source] = generated.flagged(git, read.sources())
    return FileAnswer(
        source,
        (git.root / blamed.file.source).read_bytes(),
        GIT,
        tuple(read.lines(blamed)),
        tuple(_places(blamed)),
        blamed.problem,
        policy,
        git,
    )


def _places(one: BlamedFile) -> Iterator[Place]:
    by_git = (
        Place(hunk.commit, hunk.path, hunk.original + place)
        for hunk in one.hunks
        for place in range(hunk.count)
    )
    return hunks.widened(by_git, one.widths)
