"""One source file in the manifest: its runs of lines, and their JSON."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, NamedTuple, Self

from aiprov_otel.errors import ManifestError
from aiprov_otel.values import MISSING, Evidence, Match, Origin, Provenance, Strength

MOST_LINES: Final = 10_000_000
"""More lines than any source file has; a manifest that claims more is refused."""

_FIELDS = ("origin", "agent", "model", "provider", "commit", "time", "evidence")


class Run(NamedTuple):
    """Consecutive lines with one provenance: *count* lines from *first*, which is 1-based."""

    first: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nothing calls
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Entry:
    """
    The place of a source file in the manifest.

    Attributes:
        path: relative to the repository, with `/`.
        import_path: the tail of *path* that survives an installation (`shop/cart.py`).
        hash: of the content, as `content_hash` gives it.
        lines: the number of lines.
        document: name of its JSON document in the archive.
        digest: hexadecimal SHA-256 of that document.
    """

    path: str
    import_path: str
    hash: str
    lines: int
    document: str
    digest: str

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Reads an entry of the index, and ignores keys that a later version added."""
        entry = cls(**{field.name: values[field.name] for field in fields(cls)})
        texts = (entry.path, entry.import_path, entry.hash, entry.document, entry.digest)
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("an entry has a value that is not text")
        if type(entry.lines) is not int or not 0 <= entry.lines <= MOST_LINES:
            msg = f"{entry.path} has {entry.lines!r} lines"
            raise ValueError(msg)
        return entry


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
    runs: tuple[Run, ...]
    generated: bool = False
    _firsts: Sequence[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_firsts", [run.first for run in self.runs])

    @property
    def lines(self) -> int:
        """The number of lines that the runs cover."""
        return sum(run.count for run in self.runs)

    def line(self, number: int) -> Provenance:
        """The provenance of line *number* (1-based); `unknown` for a line that doesn't exist."""
        run = self.runs[index] if (index := bisect_right(self._firsts, number) - 1) >= 0 else None
        return run.provenance if run and number < run.first + run.count else self.unknown

    @property
    def unknown(self) -> Provenance:
        """The provenance of a line of this file about which nothing is known."""
        return Provenance(path=self.path, match=Match.EXACT)

    def encode(self) -> bytes:
        """The JSON document: each record once, then runs `[first, count, index of the record]`."""
        # By identity: runs share their records, which are slow to hash.
        distinct = {id(run.provenance): run.provenance for run in self.runs}
        records = list(dict.fromkeys(distinct.values()))
        numbers = {record: number for number, record in enumerate(records)}
        index = {key: numbers[record] for key, record in distinct.items()}
        document = {
            "path": self.path,
            "import_path": self.import_path,
            "hash": self.hash,
            "records": [_to_json(record) for record in records],
            "runs": [[run.first, run.count, index[id(run.provenance)]] for run in self.runs],
        }
        return dumps({**document, "generated": True} if self.generated else document)

    @classmethod
    def decode(cls, data: bytes) -> SourceFile:
        """
        Reads what `encode` wrote.

        Raises:
            ManifestError: the document does not have that shape.
        """
        try:
            document = json.loads(data)
            path = document["path"]
            records = [_from_json(record, path) for record in document["records"]]
            runs = tuple(Run(first, n, records[index]) for first, n, index in document["runs"])
            named = (document["import_path"], document["hash"])
            _validate(runs, (path, *named))
            return cls(path, *named, runs, document.get("generated", False))
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            msg = f"a document of the manifest can't be read ({error}); run `aiprov build` again"
            raise ManifestError(msg) from error


def _validate(runs: Iterable[Run], names: Iterable[object]) -> None:
    """Raise ValueError unless *runs* rise without an overlap, and *names* are texts."""
    end = 1
    for first, count, _ in runs:
        if type(first) is not int or type(count) is not int or first < end or count < 1:
            msg = f"the run of {count} lines from line {first} is out of order"
            raise ValueError(msg)
        end = first + count
    if not all(type(name) is str for name in names):
        raise ValueError("a name is not a text")


def tally(data: bytes) -> Counter[tuple[Origin, str | None, Strength]]:
    """
    Counts the lines of a document that `encode` wrote, by origin, model and strength.

    Takes a third of the time of decoding it, and keeps nothing.

    Raises:
        ManifestError: the document does not have that shape.
    """
    lines: Counter[tuple[Origin, str | None, Strength]] = Counter()
    try:
        document = json.loads(data)
        kinds = [
            (Origin(record["origin"]), record.get("model"), Evidence(record["evidence"]).strength)
            for record in document["records"]
        ]
        for _, count, index in document["runs"]:
            lines[kinds[index]] += count
    except Exception as error:  # any kind: deep JSON exceeds the stack
        msg = f"a document of the manifest can't be read ({error}); run `aiprov build` again"
        raise ManifestError(msg) from error
    return lines


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


def dumps(document: dict[str, Any]) -> bytes:
    """Readable JSON, with the same bytes for the same values."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _to_json(provenance: Provenance) -> dict[str, str | None]:
    values = {name: getattr(provenance, name) for name in _FIELDS}
    return {name: value for name, value in values.items() if value is not None}


def _from_json(record: dict[str, str], path: str) -> Provenance:
    if not all(type(value) is str for value in record.values()):
        raise ValueError("a record has a value that is not a text")
    return Provenance(
        origin=Origin(record["origin"]),
        agent=record.get("agent"),
        model=record.get("model"),
        provider=record.get("provider"),
        commit=record.get("commit"),
        time=record.get("time"),
        evidence=Evidence(record["evidence"]),
        path=path,
        match=Match.EXACT,
    )
