"""Recovers the records that a squash merge left behind on the commits of its pull request."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.blame.hunks import Hunk, parse_unchanged, shift
from aiprov_otel.history.evidence.records import MarkedRange, Record, make_record, overlapping
from aiprov_otel.history.evidence.sources import Records
from aiprov_otel.history.git import objects
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.pull_requests import PullRequest, PullRequests, own_commits
from aiprov_otel.history.git.repository import Git
from aiprov_otel.values import Evidence


@dataclass(frozen=True, slots=True)
class _Place:
    """A file of a *squash*, at *path*, and the *request* that was squashed."""

    squash: Commit
    path: str
    request: PullRequest


def recover(
    git: Git,
    records: Records,
    commits: Mapping[str, Commit],
    paths: Iterable[tuple[str, str]],
) -> dict[str, Record]:
    """
    The records that the squash merges among *commits* left behind.

    Only for *paths*: pairs of a commit and of a path in it for which blame found lines.
    """
    squashes = PullRequests(git).match_squashes(commits) if records else {}
    own = own_commits(git, squashes.values()) if squashes else {}
    recorded = {head: names & records.commits for head, names in own.items()}
    places = [
        _Place(commits[name], path, squashes[name])
        for name, path in sorted(set(paths))
        if name in squashes and recorded[squashes[name].head]
    ]
    return _recover(git, records, places, recorded) if places else {}


def _recover(
    git: Git, records: Records, places: Sequence[_Place], recorded: Mapping[str, Collection[str]]
) -> dict[str, Record]:
    names = sorted(set().union(*(recorded[place.request.head] for place in places)))
    by_source = records.read(objects.parse_commits(git.objects(names)))
    blobs = _find_blobs(git, places)
    ranges: dict[str, list[tuple[str, MarkedRange]]] = defaultdict(list)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        blamed = pool.map(lambda place: list(_blame_request(git, place, blobs)), places)
        for place, hunks in zip(places, blamed, strict=True):
            for hunk in hunks:
                if hunk.commit in recorded[place.request.head]:
                    ranges[place.squash.id] += _recovered_ranges(place, hunk, by_source)
    return {name: make_record(rows) for name, rows in ranges.items()}


def _recovered_ranges(
    place: _Place, hunk: Hunk, by_source: Sequence[Mapping[str, Record]]
) -> Iterator[tuple[str, MarkedRange]]:
    """The records on *hunk*, renumbered to its lines in the squash; the first source counts."""
    offset = hunk.first - hunk.original
    last = hunk.original + hunk.count - 1
    for by_commit in reversed(by_source):
        ranges = by_commit.get(hunk.commit, {}).get(hunk.path, ())
        for marked in overlapping(ranges, hunk.original, last):
            kind = marked.mark.evidence
            mark = replace(
                marked.mark,
                evidence=Evidence.NOTE_RECOVERED if kind is Evidence.NOTE else kind,
                where=f"{marked.mark.where} through {place.request.ref}",
            )
            first, end = max(marked.first, hunk.original), min(marked.last, last)
            yield place.path, MarkedRange(first + offset, end + offset, mark)


def _blame_request(git: Git, place: _Place, blobs: Mapping[str, str]) -> Iterator[Hunk]:
    """The hunks of the file at the head of the request, numbered as its lines in the squash."""
    names = (place.request.head, place.squash.id)
    old, new = (blobs.get(f"{name}:{place.path}") for name in names)
    if not old or not new:
        return
    try:
        output = git.blame(place.path, place.request.head, f"^{place.squash.parents[0]}")
        unchanged = parse_unchanged(_diff(git, old, new) if old != new else b"")
    except HistoryError:  # an object that a partial clone lacks
        return
    yield from shift(blame_hunks.parse(output), unchanged)


def _diff(git: Git, old: str, new: str) -> bytes:
    options = ("--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--text")
    return git.run("diff", *options, old, new)


def _find_blobs(git: Git, places: Iterable[_Place]) -> dict[str, str]:
    """The blob of each place, in the squash and at the head of the request, by `commit:path`."""
    wanted = {
        f"{name}:{place.path}" for place in places for name in (place.squash.id, place.request.head)
    }
    names = sorted(name for name in wanted if name.isprintable())
    pairs = zip(names, git.object_names(names), strict=True)
    return {name: blob for name, blob in pairs if re.fullmatch("[0-9a-f]{40,64}", blob)}
