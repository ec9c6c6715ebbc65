"""Squash merges: which commit of its pull request wrote each of their lines."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import NamedTuple

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.blame.hunks import Hunk, Hunks, find_unchanged, shift
from aiprov_otel.history.evidence import request_commits
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.kept import Kept
from aiprov_otel.history.evidence.request_commits import RequestCommit
from aiprov_otel.history.git import patch
from aiprov_otel.history.git.ancestry import Ancestry
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.pull_requests import Own, PullRequest, PullRequests, own_commits
from aiprov_otel.history.git.repository import Git

_ENOUGH = 0.5  # of a file's lines have to be those of the request: some are changed on the way in


class Squash(NamedTuple):
    """
    A commit that a forge made of a pull request, and what is known of the request.

    Attributes:
        commit: the squash.
        request: where the commits of the request are.
        own: those commits.
    """

    commit: Commit
    request: PullRequest
    own: frozenset[str]


Lines = Mapping[tuple[str, str], Sequence[Hunk]]
"""By squash and path, where its lines come from in the request, as far as that is known."""


def find_squashes(
    git: Git, requests: PullRequests, commits: Mapping[str, Commit], table: Table, kept: Kept
) -> list[Squash]:
    """
    The squashes among *commits*, each with the first request that it can be of.

    A ref can be forged, and the numbers of a fork are others: the request has to begin in the
    history that the squash has too, and to end no later than the squash.
    """
    candidates = {
        name: found for name, commit in commits.items() if (found := requests.candidates(commit))
    }
    every = {request for found in candidates.values() for request in found}
    own = own_commits(git, every, kept.parents)
    heads = request_commits.read(git, own, table, kept)
    ancestry = Ancestry(git, kept.leads)
    fitting = (
        Squash(commits[name], request, own[request.head].commits)
        for name, found in candidates.items()
        for request in found
        if request.head in heads
        and _fits(commits[name], heads[request.head].commit, own[request.head], ancestry)
    )
    first: dict[str, Squash] = {}
    for squash in fitting:
        first.setdefault(squash.commit.id, squash)
    return list(first.values())


def find_rebased(
    git: Git,
    commits: Mapping[str, Commit],
    originals: Mapping[str, tuple[RequestCommit, PullRequest]],
    patches: MutableMapping[str, str],
) -> list[Squash]:
    """
    The commits that a forge rebased, each with the one of *originals* that it is a copy of.

    A copy has the author, the author's time and the subject of the original, and its patch id:
    what *patches* lack is added to them.
    """
    by_identity = {one.identity: (one.commit, request) for one, request in originals.values()}
    pairs = [
        (commit, *found)
        for commit in commits.values()
        if len(commit.parents) == 1
        and (found := by_identity.get(request_commits.identity(commit)))
        and found[0].id != commit.id
        and len(found[0].parents) == 1
    ]
    _add_patch_ids(git, [name for pair in pairs for name in (pair[0].id, pair[1].id)], patches)
    return [
        Squash(commit, PullRequest(request.ref, original.id), frozenset({original.id}))
        for commit, original, request in pairs
        if commit.id in patches and patches[commit.id] == patches.get(original.id)
    ]


def _add_patch_ids(git: Git, names: Iterable[str], patches: MutableMapping[str, str]) -> None:
    """Adds the patch id of each of the commits *names* to *patches*."""
    new = [name for name in names if name not in patches]
    if not new:
        return
    stdin = "".join(f"{name}\n" for name in new).encode()
    try:
        diffs = git.run("diff-tree", "--stdin", "-p", *patch.ALIKE, stdin=stdin)
        listed = git.run("patch-id", "--stable", stdin=diffs).decode("ascii")
    except HistoryError:  # an object that a partial clone lacks
        return
    patches.update((name, one) for one, name in (line.split(" ") for line in listed.splitlines()))


def _fits(squash: Commit, head: Commit, own: Own, ancestry: Ancestry) -> bool:
    if not own.commits or not own.bases or not squash.committed or not head.committed:
        return False
    on_time = head.committed <= squash.committed
    return on_time and all(ancestry.leads(base, squash.id) for base in own.bases)


def trace_lines(
    git: Git,
    squashes: Iterable[Squash],
    files: Iterable[Hunks],
    known: MutableMapping[str, Sequence[Hunk]],
) -> Lines:
    """
    Where the lines of *squashes* in *files* come from, by the commit and the path in it.

    Those lines of a request count that its own commits wrote, in files where they are most of
    what the squash added. What is in *known* need not be traced, and the rest is added to it.
    """
    by_name = {squash.commit.id: squash for squash in squashes}
    if not by_name:
        return {}
    # File by file: all pairs at once would take more memory than the hunks.
    places = {place for hunks in files for place in hunks.places if place[0] in by_name}
    wanted = [(by_name[name], path) for name, path in sorted(places)]
    new = [pair for pair in wanted if _key(*pair) not in known]
    if new:
        known.update(_trace_new(git, new))
    return {
        (squash.commit.id, path): lines
        for squash, path in wanted
        if (lines := known.get(_key(squash, path)))
    }


def _trace_new(git: Git, new: Sequence[tuple[Squash, str]]) -> Iterator[tuple[str, list[Hunk]]]:
    """The key of each of *new*, and where its lines come from, as far as that is known."""
    from concurrent.futures import ThreadPoolExecutor  # most histories have nothing to trace

    blobs = _find_blobs(git, new)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        traced = pool.map(lambda pair: _trace(git, pair[0], pair[1], blobs), new)
        for pair, lines in zip(new, traced, strict=True):
            if lines is not None:
                yield _key(*pair), lines


def _key(squash: Squash, path: str) -> str:
    """All that decides about the lines of a squash: each is the name of what never changes."""
    return f"{squash.commit.id} {squash.request.head} {path}"


def _trace(git: Git, squash: Squash, path: str, blobs: Mapping[str, str]) -> list[Hunk] | None:
    """Where the lines of *path* come from; None where an object that decides it is not here."""
    head, commit = squash.request.head, squash.commit
    old, new = (blobs.get(f"{name}:{path}") for name in (head, commit.id))
    if not old or not new:
        return None
    try:
        base = f"^{commit.parents[0]}"
        patches = patch.read_patch(git, "diff", "--text", old, new) if old != new else []
        unchanged = find_unchanged(hunk for file in patches for hunk in file.hunks)
        theirs = list(shift(blame_hunks.parse(git.blame(path, head, base)), unchanged))
        added = [
            h for h in blame_hunks.parse(git.blame(path, commit.id, base)) if h.commit == commit.id
        ]
    except HistoryError:  # an object that a partial clone lacks
        return None
    own = sorted(
        (hunk for hunk in theirs if hunk.commit in squash.own), key=lambda hunk: hunk.first
    )
    reproduced = sum(_overlap(hunk, own) for hunk in added)
    enough = reproduced >= _ENOUGH * sum(hunk.count for hunk in added)
    return own if reproduced and enough else []


def _overlap(hunk: Hunk, others: Iterable[Hunk]) -> int:
    """How many lines of *hunk* are in *others* too."""
    return sum(
        max(0, min(hunk.first + hunk.count, o.first + o.count) - max(hunk.first, o.first))
        for o in others
    )


def _find_blobs(git: Git, wanted: Iterable[tuple[Squash, str]]) -> dict[str, str]:
    """The blob of each place, in the squash and at the head of the request, by `commit:path`."""
    specs = {
        f"{name}:{path}"
        for squash, path in wanted
        for name in (squash.commit.id, squash.request.head)
    }
    names = sorted(name for name in specs if name.isprintable())
    pairs = zip(names, git.object_names(names), strict=True)
    return {name: blob for name, blob in pairs if re.fullmatch("[0-9a-f]{40,64}", blob)}
