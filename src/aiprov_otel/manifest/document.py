"""One source file in the manifest: its runs of lines, and the JSON they are kept in."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Self

from aiprov_otel.errors import ManifestError
from aiprov_otel.values import MISSING, Evidence, Match, Origin, Provenance, Strength

_FIELDS = ("origin", "agent", "model", "provider", "commit", "time", "evidence")


class Run(NamedTuple):
    """Consecutive lines with one provenance: *count* lines from *first*, which is 1-based."""

    first: int
    count: int  # type: ignore[assignment]  # hides the method of tuples, which is not used
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Entry:
    """
    Where a source file stands in the manifest.

    Attributes:
        path: relative to the repository, with `/`.
        import_path: the tail of *path* that survives an installation (`shop/cart.py`).
        hash: of the content, as `content_hash` gives it.
        lines: how many there are.
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
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Read an entry of the index; keys that a later version added are of no concern."""
        return cls(**{field.name: values[field.name] for field in fields(cls)})


@dataclass(frozen=True)
class SourceFile:
    """
    A source file and who wrote each of its lines.

    Attributes:
        path, import_path, hash: as in its `Entry`.
        runs: sorted, and none overlaps another.
        generated: whether a generator wrote it.
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
        """How many lines the runs cover."""
        return sum(run.count for run in self.runs)

    def line(self, number: int) -> Provenance:
        """The provenance of line *number* (1-based); `unknown` for a line that isn't there."""
        run = self.runs[index] if (index := bisect_right(self._firsts, number) - 1) >= 0 else None
        return run.provenance if run and number < run.first + run.count else self.unknown

    @property
    def unknown(self) -> Provenance:
        """The provenance of an unknown line of this file."""
        return Provenance(path=self.path, match=Match.EXACT)

    def encode(self) -> bytes:
        """The JSON document: records once, then runs of `[first, count, index of the record]`."""
        # By identity: runs share their records, and a record is slow to hash.
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
        Read what `encode` wrote.

        Raises:
            ManifestError: the document does not have that shape.
        """
        try:
            document = json.loads(data)
            path = document["path"]
            records = [_from_json(record, path) for record in document["records"]]
            runs = tuple(Run(first, n, records[index]) for first, n, index in document["runs"])
            named = (document["import_path"], document["hash"])
            return cls(path, *named, runs, document.get("generated", False))
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            msg = f"a document of the manifest can't be read ({error}); run `aiprov build` again"
            raise ManifestError(msg) from error


def tally(data: bytes) -> Counter[tuple[Origin, str | None, Strength]]:
    """
    How many lines of a document that `encode` wrote are of which origin, model and strength.

    A third of what it would take to decode it, and nothing is kept.

    Raises:
        ManifestError: the document does not have that shape.
    """
    found: Counter[tuple[Origin, str | None, Strength]] = Counter()
    try:
        document = json.loads(data)
        kinds = [
            (Origin(each["origin"]), each.get("model"), Evidence(each["evidence"]).strength)
            for each in document["records"]
        ]
        for _, count, index in document["runs"]:
            found[kinds[index]] += count
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        msg = f"a document of the manifest can't be read ({error}); run `aiprov build` again"
        raise ManifestError(msg) from error
    return found


def runs_of(provenances: Iterable[Provenance]) -> Iterator[Run]:
    """Fold one provenance a line, from line 1, into runs."""
    return folded((provenance, 1) for provenance in provenances)


def folded(stretches: Iterable[tuple[Provenance, int]]) -> Iterator[Run]:
    """Fold provenances, each with for how many lines it holds, from line 1, into runs."""
    first, count, current = 1, 0, MISSING
    for provenance, lines in stretches:
        # The commit tells most of them apart, and faster than all of it does.
        if provenance.commit == current.commit and provenance == current:
            count += lines
            continue
        if count:
            yield Run(first, count, current)
        first, count, current = first + count, lines, provenance
    if count:
        yield Run(first, count, current)


def dumps(document: dict[str, Any]) -> bytes:
    """JSON that is the same bytes for the same values, and that a person can read."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _to_json(provenance: Provenance) -> dict[str, str | None]:
    values = {name: getattr(provenance, name) for name in _FIELDS}
    return {name: value for name, value in values.items() if value is not None}


def _from_json(record: dict[str, str], path: str) -> Provenance:
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
