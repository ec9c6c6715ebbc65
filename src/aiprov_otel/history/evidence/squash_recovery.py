"""Records that a squash merge left behind: from a line of it to the commit of the request."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.blame import hunks
from aiprov_otel.history.blame.hunks import Hunk, shifted, unchanged
from aiprov_otel.history.evidence.records import Record, Stretch, record, within
from aiprov_otel.history.evidence.sources import Records
from aiprov_otel.history.git import objects
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.pull_requests import Pull, Pulls, own_commits
from aiprov_otel.history.git.repository import Git
from aiprov_otel.values import Evidence


@dataclass(frozen=True, slots=True)
class _Place:
    """A file of a squash, and the request that this is of."""

    squash: Commit
    path: str
    pull: Pull


def recover(
    git: Git,
    records: Records,
    known: Mapping[str, Commit],
    paths: Iterable[tuple[str, str]],
) -> dict[str, Record]:
    """
    The records that the squash merges among the commits *known* left behind.

    Only for *paths*: pairs of a commit and of a path in it of which blame found lines.
    """
    squashed = Pulls(git).squashed(known) if records else {}
    own = own_commits(git, squashed.values()) if squashed else {}
    noted = {head: names & records.commits for head, names in own.items()}
    places = [
        _Place(known[name], path, squashed[name])
        for name, path in sorted(set(paths))
        if name in squashed and noted[squashed[name].head]
    ]
    return _recovered(git, records, places, noted) if places else {}


def _recovered(
    git: Git, records: Records, places: Sequence[_Place], noted: Mapping[str, Collection[str]]
) -> dict[str, Record]:
    names = sorted(set().union(*(noted[place.pull.head] for place in places)))
    of_commits = records.of(objects.parse_batch(git.objects(names)))
    blobs = _blobs(git, places)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        moved = pool.map(lambda place: list(_moved(git, place, blobs)), places)
        found: dict[str, list[tuple[str, Stretch]]] = defaultdict(list)
        for place, hunks in zip(places, moved, strict=True):
            for hunk in hunks:
                if hunk.commit in noted[place.pull.head]:
                    found[place.squash.id] += _stretches(place, hunk, of_commits)
    return {name: record(stretches) for name, stretches in found.items()}


def _stretches(
    place: _Place, hunk: Hunk, of_commits: Sequence[Mapping[str, Record]]
) -> Iterator[tuple[str, Stretch]]:
    """What the records say of *hunk*, about its lines in the squash; the first source counts."""
    shift = hunk.first - hunk.original
    last = hunk.original + hunk.count - 1
    for by_commit in reversed(of_commits):
        stretches = by_commit.get(hunk.commit, {}).get(hunk.path, ())
        for one in within(stretches, hunk.original, last):
            first, end = max(one.first, hunk.original) + shift, min(one.last, last) + shift
            kind = one.mark.evidence
            recovered = Evidence.NOTE_RECOVERED if kind is Evidence.NOTE else kind
            where = f"{one.mark.where} through {place.pull.ref}"
            said = replace(one.mark, evidence=recovered, where=where)
            yield place.path, Stretch(first, end, said)


def _moved(git: Git, place: _Place, blobs: Mapping[str, str]) -> Iterator[Hunk]:
    """The hunks of the file at the head of the request, with its lines in the squash as theirs."""
    old, new = (blobs.get(f"{name}:{place.path}") for name in (place.pull.head, place.squash.id))
    if not old or not new:
        return
    try:
        blamed = git.blame(place.path, place.pull.head, f"^{place.squash.parents[0]}")
        same = unchanged(_difference(git, old, new) if old != new else b"")
    except HistoryError:  # an object that a partial clone lacks
        return
    yield from shifted(hunks.parse(blamed), same)


def _difference(git: Git, old: str, new: str) -> bytes:
    how = ("--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--text")
    return git.run("diff", *how, old, new)


def _blobs(git: Git, places: Iterable[_Place]) -> dict[str, str]:
    """The blob of each place, in the squash and at the head of the request, by `commit:path`."""
    wanted = {
        f"{name}:{place.path}" for place in places for name in (place.squash.id, place.pull.head)
    }
    names = sorted(name for name in wanted if name.isprintable())
    output = git.run("cat-file", "--batch-check=%(objectname)", stdin="\n".join(names).encode())
    found = zip(names, output.decode("utf-8", "replace").splitlines(), strict=True)
    return {name: blob for name, blob in found if re.fullmatch("[0-9a-f]{40,64}", blob)}
