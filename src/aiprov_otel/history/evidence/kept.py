"""
What is read of notes and of pull requests, kept for the next build.

Each part is kept under the hashes of what it was read from, and so stays true. Names of people
and messages are not kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from importlib import resources
from typing import Any, Final

from aiprov_otel.history.blame import cache, circumstances
from aiprov_otel.history.blame.hunks import Hunk, Hunks
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.git.ancestry import new_commits
from aiprov_otel.history.git.repository import Git
from aiprov_otel.values import Evidence, Origin

_NAME: Final = "evidence.cache"
_LINES: Final = "requests.cache"
_FEW: Final = (
    100  # of what is kept, a hundredth that is new is cheaper to read again than all is to save
)
_DEAR: Final = ("leads", "patches")  # git is started for each


@dataclass
class Kept:
    """
    What the last build has read.

    Attributes:
        head: the `HEAD` that `parents` is about.
        parents: the commits of requests that the history of `HEAD` lacks, with their parents; None
            for a head that it has.
        trees: hashes of the trees of the heads of requests, and of the second parents of merges.
        leads: by two commits, whether the first leads to the second.
        patches: patch ids, by commit.
        marks: of a commit in the history of `HEAD`.
        commits: what decides about the lines of a commit of a request.
        records: by place and note, the record.
        prompts: by note of git-ai, the tools and models of its prompts.
        lines: by squash, head of its request, and path: where its lines come from.
    """

    head: str = ""
    parents: dict[str, str | None] = field(default_factory=dict)
    trees: dict[str, str] = field(default_factory=dict)
    leads: dict[str, bool] = field(default_factory=dict)
    patches: dict[str, str] = field(default_factory=dict)
    marks: dict[str, list[Any]] = field(default_factory=dict)
    commits: dict[str, Any] = field(default_factory=dict)
    records: dict[str, Any] = field(default_factory=dict)
    prompts: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, Sequence[Hunk]] = field(default_factory=dict)

    def move_to(self, git: Git) -> None:
        """Sets `head` to that of *git*, and drops commits of requests that have landed since."""
        if self.head and self.head != git.head():
            rows = new_commits(git, self.head, git.head())
            if rows is None:
                self.parents.clear()
            for name, *_ in rows or ():
                self.parents.pop(name, None)
        self.head = git.head()


@contextmanager
def opened(git: Git, table: Table, *, keep: bool) -> Iterator[Kept]:
    """What the last build has read; with *keep*, what the block adds is kept for the next one."""
    used = keep or cache.exists(git.root, _NAME)
    if git.revision or not used:  # a revision has a temporary work tree
        yield Kept()
        return
    key = _key(git, table)
    document = cache.load_document(git.root, key, _NAME)
    lines = cache.load(git.root, key, _LINES)
    kept = Kept(**document["kept"]) if isinstance(document, dict) else Kept()
    kept.lines = dict(lines.files) if isinstance(lines, cache.Cached) else {}
    kept.move_to(git)
    before = _sizes(kept)
    yield kept
    if not keep:
        return
    grown = {name: size - before[name] for name, size in _sizes(kept).items()}
    # Two files: one is small, and grows with every commit to a file of a squash.
    if grown.pop("lines"):
        traced = {name: Hunks.of(hunks) for name, hunks in kept.lines.items()}
        cache.save(git.root, cache.Cached(key, "", traced), _LINES)
    few = sum(grown.values()) * _FEW < sum(before.values())
    if any(grown[name] for name in _DEAR) or not few:
        document = {"key": key, "kept": {**vars(kept), "lines": {}}}
        cache.save_document(git.root, document, _NAME)


def _sizes(kept: Kept) -> dict[str, int]:
    return {one.name: len(getattr(kept, one.name)) for one in fields(kept)}


def _key(git: Git, table: Table) -> str:
    """Names what the readers are, beside the circumstances: a checkout of ours has one release."""
    code = resources.files(__package__ or "")
    folders = (code, code.joinpath("data"))
    files = (one for folder in folders for one in folder.iterdir() if one.is_file())
    sources = sorted((one.name, one.read_bytes()) for one in files)
    digest = hashlib.sha256(repr(sources).encode())
    digest.update("".join(row.digest for row in table.rows).encode())
    return f"{circumstances.cache_key(git)} {digest.hexdigest()}"


def pack_mark(mark: Mark) -> list[Any]:
    """*mark* as JSON values."""
    return list(mark)


def unpack_mark(row: Sequence[Any]) -> Mark:
    """The mark that `pack_mark` made *row* of."""
    mark = Mark(*row)
    return mark._replace(
        evidence=mark.evidence and Evidence(mark.evidence),
        origin=mark.origin and Origin(mark.origin),
    )
