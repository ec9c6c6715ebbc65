"""The commits of pull requests: what decides about their lines, without the people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from aiprov_otel.history.evidence import identities, squash_message
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark, find_marks
from aiprov_otel.history.evidence.kept import Kept, pack_mark, unpack_mark
from aiprov_otel.history.git import objects
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git

_A_BOT: Final = "[bot]"


class RequestCommit(NamedTuple):
    """
    A commit of a pull request.

    Attributes:
        commit: with no more of its author than whether that is a bot, and with its message only
            where that lists several commits.
        marks: every mark of it.
        identity: the same for a copy that a forge made by "rebase and merge".
    """

    commit: Commit
    marks: tuple[Mark, ...]
    identity: str


def read(git: Git, names: Iterable[str], table: Table, kept: Kept) -> dict[str, RequestCommit]:
    """The commits *names*, by their hashes; missing ones are left out."""
    wanted = sorted(set(names))
    found = {name: _unpack(name, kept.commits[name]) for name in wanted if name in kept.commits}
    for output in git.objects([name for name in wanted if name not in found]):
        for name, commit in objects.parse_commits([output]).items():
            found[name] = one = _reduce(commit, table)
            if not one.commit.message:
                kept.commits[name] = _pack(one)
    return found


def identity(commit: Commit) -> str:
    """The same for *commit* and for a copy of it: of the author, the author's time, the subject."""
    text = "\0".join((commit.author, commit.authored, commit.lines[0]))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _reduce(commit: Commit, table: Table) -> RequestCommit:
    marks = tuple(find_marks(commit, table))
    reduced = Commit(
        commit.id,
        author=_A_BOT if identities.is_bot(commit.author) else "",
        committer="",
        committed=commit.committed,
        message=commit.message if marks and squash_message.find_listing(commit.lines) else "",
        parents=commit.parents,
        tree=commit.tree,
    )
    return RequestCommit(reduced, marks, identity(commit))


def _pack(one: RequestCommit) -> list[Any]:
    commit = one.commit
    seconds = commit.committed and int(commit.committed.timestamp())
    marks = [pack_mark(mark) for mark in one.marks]
    return [commit.author, seconds, " ".join(commit.parents), commit.tree, one.identity, marks]


def _unpack(name: str, row: Sequence[Any]) -> RequestCommit:
    author, seconds, parents, tree, same, marks = row
    committed = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    commit = Commit(name, author, "", committed, "", tuple(parents.split()), tree)
    return RequestCommit(commit, tuple(map(unpack_mark, marks)), same)
