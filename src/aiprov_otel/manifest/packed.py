"""
Runs as arrays of numbers, and the two tables that the numbers point into: schema 2.

The part of a file is three letters and three arrays, each of one number per run: its count of
lines, its kind, its commit: see `columns`.

A kind is the provenance of a run without its commit. Commits are lines of text, all of one width:
the full hash and the time. Commit 1 is the first line; 0 is none, or the one that the kind has.

1.5 million lines of 42,000 commits take 5.5 MB, where one JSON document per file took 59.
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from aiprov_otel.manifest import columns, kind
from aiprov_otel.manifest.document import Entry, LazyRuns, SourceFile
from aiprov_otel.values import Match, Provenance

_COMMIT: Final = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class Packed(NamedTuple):
    """Files as the archive holds them: the two tables, and each entry with its part."""

    kinds: list[dict[str, str]]
    commits: bytes
    width: int
    files: list[tuple[Entry, bytes]]


class Tables(NamedTuple):
    """
    What the numbers of a run point into.

    Attributes:
        kinds: by number, without a path.
        rows: the number of commits.
        width: of one line of the table of commits, with its newline, in bytes.
        read: returns that table.
    """

    kinds: Sequence[Provenance]
    rows: int
    width: int
    read: Callable[[], bytes]

    def provenance(self, number: int, commit: int, path: str) -> Provenance:
        """The provenance of a line of *path*: kind *number* and *commit*, both by number."""
        base = self.kinds[number]
        if not commit:
            return replace(base, path=path)
        words = (base.origin, base.agent, base.model, base.provider)
        name, time = self.commit(commit)
        return Provenance(*words, name, time, base.evidence, path, match=Match.EXACT)

    def commit(self, number: int) -> tuple[str | None, str | None]:
        """The commit *number*, from 1 on, and its time."""
        end = number * self.width
        row = self.read()[end - self.width : end].decode("ascii", "replace")
        name, _, time = row.partition(" ")
        return name, time.rstrip()


def unpack(data: bytes, entry: Entry, tables: Tables) -> SourceFile:
    """
    Reads the part *data* of the file *entry*.

    Raises:
        ValueError: it does not have that shape, or points beyond the tables.
    """
    counts, kinds, commits = _checked(data, tables)

    def provenance(index: int) -> Provenance:
        return tables.provenance(kinds[index], commits[index], entry.path)

    runs = LazyRuns(counts, provenance)
    return SourceFile(entry.path, entry.import_path, entry.hash, runs, entry.generated)


def commits(data: bytes, tables: Tables) -> dict[str | None, str | None]:
    """
    The commits of the lines in a part, each with its time; None where a line has no commit.

    Raises:
        ValueError: it does not have that shape, or points beyond the tables.
    """
    _, kinds, numbers = _checked(data, tables)
    named = dict(tables.commit(number) for number in set(numbers) if number)
    own = {kind for kind, number in zip(kinds, numbers, strict=True) if not number}
    return named | {tables.kinds[kind].commit: tables.kinds[kind].time for kind in own}


def tally(data: bytes, kinds: Sequence[Provenance]) -> Counter[Provenance]:
    """
    Counts the lines of a part by kind.

    Raises:
        ValueError: it does not have that shape.
    """
    counts, numbers, _ = _arrays(data)
    lines: Counter[int] = Counter()
    for number, count in zip(numbers, counts, strict=True):
        lines[number] += count
    if lines and max(lines) >= len(kinds):
        raise ValueError("it names a kind that is not in the manifest")
    return Counter({kinds[number]: count for number, count in lines.items()})


def _checked(data: bytes, tables: Tables) -> tuple[array[int], array[int], array[int]]:
    """The arrays of *data*, whose numbers are in *tables*."""
    counts, kinds, commits = _arrays(data)
    if counts and (max(kinds) >= len(tables.kinds) or max(commits) > tables.rows):
        raise ValueError("it names a kind or a commit that is not in the manifest")
    if any(commits):
        tables.read()  # it may be damaged, and nobody expects that of a single line
    return counts, kinds, commits


def _arrays(data: bytes) -> tuple[array[int], array[int], array[int]]:
    counts, kinds, commits = columns.unpack(data, 3)
    if 0 in counts:
        raise ValueError("a run has no lines")
    return counts, kinds, commits


class Packer:
    """Packs files one after the other, so that only their arrays are in memory."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[Any, ...], int] = {}
        self._commits: dict[tuple[str, str], int] = {}
        self._files: list[tuple[Entry, array[int], array[int], array[int]]] = []

    def add(self, source: SourceFile) -> None:
        """
        Packs *source*.

        Raises:
            ValueError: its runs do not follow each other.
        """
        counts: list[int] = []
        kinds: list[int] = []
        commits: list[int] = []
        # By identity: runs share their provenance, which is slow to hash.
        numbers: dict[int, tuple[int, int]] = {}
        expected = 1
        for first, count, provenance in source.runs:
            if first != expected or count < 1:
                msg = f"{source.path} has a run of {count} lines at {first}, and not at {expected}"
                raise ValueError(msg)
            expected += count
            if (pair := numbers.get(id(provenance))) is None:
                pair = numbers[id(provenance)] = self._numbers(provenance)
            counts.append(count)
            kinds.append(pair[0])
            commits.append(pair[1])
        named = (source.path, source.import_path, source.hash)
        entry = Entry(*named, expected - 1, digest="", generated=source.generated)
        narrowed = columns.narrow(counts), columns.narrow(kinds), columns.narrow(commits)
        self._files.append((entry, *narrowed))

    def _numbers(self, line: Provenance) -> tuple[int, int]:
        """The numbers of the kind and of the commit of *line*, in the order of their first use."""
        commit, time = line.commit, line.time
        number = 0
        if commit and time and _COMMIT.fullmatch(commit) and _TIME.fullmatch(time):
            number = self._commits.setdefault((time, commit), len(self._commits) + 1)
            commit = time = None
        words = (line.origin, line.agent, line.model, line.provider)
        key = (*words, commit, time, line.evidence)
        return self._kinds.setdefault(key, len(self._kinds)), number

    def finish(self) -> Packed:
        """
        Returns the tables and the parts, in order of path.

        Kinds are in the order of their JSON, commits in that of their times, so that a new commit
        changes the parts of the files that it touched, and few others.
        """
        kinds = [kind.to_json(Provenance(*key)) for key in self._kinds]
        order = sorted(range(len(kinds)), key=lambda number: json.dumps(kinds[number]))
        commits = sorted(self._commits)
        kind_ranks = _ranks(order)
        commit_ranks = [0, *_ranks([self._commits[commit] - 1 for commit in commits], first=1)]
        width = 1 + max((len(f"{name} {time}") for time, name in commits), default=0)
        table = "".join(f"{name} {time}".ljust(width - 1) + "\n" for time, name in commits)
        files = []
        start = 0
        for entry, counts, numbers, names in sorted(self._files, key=lambda each: each[0].path):
            data = columns.pack(
                counts, [kind_ranks[n] for n in numbers], [commit_ranks[n] for n in names]
            )
            digest = hashlib.sha256(data).hexdigest()
            files.append((entry._replace(digest=digest, start=start, size=len(data)), data))
            start += len(data)
        return Packed([kinds[number] for number in order], table.encode(), width, files)


def _ranks(order: Sequence[int], first: int = 0) -> list[int]:
    """The place of each number in *order*, counted from *first*."""
    ranks = [0] * len(order)
    for rank, number in enumerate(order, first):
        ranks[number] = rank
    return ranks
