"""One source file in the manifest: its place there, and its runs of lines."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import Any, Final, NamedTuple, Self, overload

from aiprov_otel.values import MISSING, Match, Provenance

MOST_LINES: Final = 10_000_000
"""More lines than any source file has; a manifest that claims more is refused."""


class Run(NamedTuple):
    """Consecutive lines with one provenance: *count* lines from *first*, which is 1-based."""

    first: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nothing calls
    provenance: Provenance


class LazyRuns(Sequence[Run]):
    """
    Runs that follow each other; each is created when it is first needed.

    A service needs few: this takes a tenth of the memory and the time of creating all.

    Attributes:
        firsts: the first line of each run.
        counts: how many lines each has.
    """

    def __init__(self, counts: Sequence[int], provenance: Callable[[int], Provenance]) -> None:
        self.counts = counts
        self.firsts = firsts = array("I", accumulate(counts, initial=1))
        firsts.pop()

        def make(index: int) -> Run:
            return Run(firsts[index], counts[index], provenance(index))

        self._make = make
        self._run = cache(make)  # one line raises again and again

    def __len__(self) -> int:
        return len(self.counts)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Run]: ...
    def __getitem__(self, index: int | slice) -> Run | Sequence[Run]:
        if isinstance(index, slice):
            return [self._make(number) for number in range(*index.indices(len(self)))]
        return self._run(index)

    def __iter__(self) -> Iterator[Run]:
        return map(self._make, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


class Entry(NamedTuple):
    """
    The place of a source file in the manifest.

    Attributes:
        path: relative to the repository, with `/`.
        import_path: the tail of *path* that survives an installation (`shop/cart.py`).
        hash: of the content, as `content_hash` gives it.
        lines: the number of lines.
        digest: hexadecimal SHA-256 of its part of the archive.
        start, size: where its part is, in bytes.
        generated: whether the file is marked as generated.
        document: the name of its part in an archive of schema 1; None in later ones.
    """

    path: str
    import_path: str
    hash: str
    lines: int
    digest: str
    start: int = 0
    size: int = 0
    generated: bool = False
    document: str | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """
        Reads an entry of the index, and ignores keys that a later version added.

        Raises:
            ValueError: a value has another type than it should have.
        """
        entry = cls(
            values["path"],
            values["import_path"],
            values["hash"],
            values["lines"],
            values["digest"],
            values.get("start", 0),
            values.get("size", 0),
            values.get("generated") is True,
            values.get("document"),
        )
        texts = (entry.path, entry.import_path, entry.hash, entry.digest, entry.document or "")
        if not all(type(text) is str for text in texts):
            raise ValueError("an entry has a value that is not text")
        numbers = (entry.lines, entry.start, entry.size)
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise ValueError("an entry has a value that is not a number")
        if entry.lines > MOST_LINES:
            msg = f"{entry.path} has {entry.lines!r} lines"
            raise ValueError(msg)
        return entry

    def to_json(self) -> dict[str, Any]:
        """The entry in an index of the current schema."""
        values: dict[str, Any] = {
            "path": self.path,
            "import_path": self.import_path,
            "hash": self.hash,
            "lines": self.lines,
            "digest": self.digest,
            "start": self.start,
            "size": self.size,
        }
        return {**values, "generated": True} if self.generated else values


@dataclass(frozen=True)
class SourceFile:
    """
    A source file and who wrote each of its lines.

    Attributes:
        path, import_path, hash: as in its `Entry`.
        runs: sorted, without overlaps.
        generated: whether the file is marked as generated.
    """

    path: str
    import_path: str
    hash: str
    runs: Sequence[Run]
    generated: bool = False
    _firsts: Sequence[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.runs, LazyRuns):
            firsts: Sequence[int] = self.runs.firsts
        else:
            firsts = [run.first for run in self.runs]
        object.__setattr__(self, "_firsts", firsts)

    @property
    def lines(self) -> int:
        """The number of lines that the runs cover."""
        if isinstance(self.runs, LazyRuns):
            return sum(self.runs.counts)
        return sum(run.count for run in self.runs)

    def line(self, number: int) -> Provenance:
        """The provenance of line *number* (1-based); `unknown` for a line that doesn't exist."""
        run = self.runs[index] if (index := bisect_right(self._firsts, number) - 1) >= 0 else None
        return run.provenance if run and number < run.first + run.count else self.unknown

    @property
    def unknown(self) -> Provenance:
        """The provenance of a line of this file about which nothing is known."""
        return Provenance(path=self.path, match=Match.EXACT)


def fold_runs(stretches: Iterable[tuple[Provenance, int]]) -> Iterator[Run]:
    """Folds provenances, each with its number of lines, from line 1 on, into runs."""
    first, count, current = 1, 0, MISSING
    for provenance, lines in stretches:
        # Comparing commits first is faster, and distinguishes most of them.
        if provenance.commit == current.commit and provenance == current:
            count += lines
            continue
        if count:
            yield Run(first, count, current)
        first, count, current = first + count, lines, provenance
    if count:
        yield Run(first, count, current)
