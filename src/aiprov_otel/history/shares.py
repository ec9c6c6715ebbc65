"""How many lines are whose: by origin, agent, model, evidence, strength or package."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from aiprov_otel.manifest import SourceFile
from aiprov_otel.values import Provenance

_Key = Callable[[SourceFile, Provenance], str | None]

KEYS: Final[Mapping[str, _Key]] = {
    "origin": lambda _, line: line.origin.value,
    "agent": lambda _, line: line.agent,
    "model": lambda _, line: line.model,
    "evidence": lambda _, line: line.evidence.value,
    "strength": lambda _, line: line.strength.value,
    "package": lambda file, _: package(file.import_path),
}


@dataclass(frozen=True, slots=True)
class Row:
    """*lines* in *files* have this *key*, which is None where it is not known; *share* is 0..1."""

    key: str | None
    lines: int
    files: int
    share: float


@dataclass(frozen=True)
class Shares:
    """The *rows* by one property, those with most lines first."""

    by: str
    total_lines: int
    rows: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        rows = [asdict(row) for row in self.rows]
        return {"by": self.by, "total_lines": self.total_lines, "rows": rows}


def shares(sources: Iterable[SourceFile], by: str) -> Shares:
    """Count the lines of *sources* by one of `KEYS`."""
    lines: Counter[str | None] = Counter()
    files: Counter[str | None] = Counter()
    for source in sources:
        here: Counter[str | None] = Counter()
        for run in source.runs:
            here[KEYS[by](source, run.provenance)] += run.count
        lines.update(here)
        files.update(here.keys())
    total = lines.total()
    rows = (Row(key, n, files[key], round(n / total, 4)) for key, n in lines.items())
    return Shares(by, total, tuple(sorted(rows, key=lambda row: (-row.lines, row.key or ""))))


def package(import_path: str) -> str:
    """The dotted package that the module at *import_path* is in; its own name outside of one."""
    folder, _, name = import_path.rpartition("/")
    return folder.replace("/", ".") or name.removesuffix(".py")
