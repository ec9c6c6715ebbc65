"""Shares of lines by origin, agent, model, package, evidence, strength or age, and advice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from aiprov_otel.format import AGE_BANDS, OLDEST, percent, quantity
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.next_step import find_next_step, measure_coverage
from aiprov_otel.manifest import SourceFile
from aiprov_otel.values import Evidence, Origin, Provenance, Strength

_AGES: Final = (*AGE_BANDS, OLDEST, None)
_Key = Callable[[SourceFile, Provenance], str | None]


@cache
def age_band(time: str | None) -> str | None:
    """The band of age that a commit of *time* (RFC 3339) is in now; None where it has none."""
    if time is None:
        return None
    days = (datetime.now(UTC) - datetime.fromisoformat(time)).days
    return next((band for band, last in AGE_BANDS.items() if days <= last), OLDEST)


KEYS: Final[Mapping[str, _Key]] = {
    "origin": lambda _, line: line.origin.value,
    "agent": lambda _, line: line.agent,
    "model": lambda _, line: line.model,
    "package": lambda file, _: package(file.import_path),
    "file": lambda file, _: file.path,
    "evidence": lambda _, line: line.evidence.value,
    "strength": lambda _, line: line.strength.value,
    "age": lambda _, line: age_band(line.time),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A *key*, None for unknown, with its *lines*, its *files* and its *share* (0..1)."""

    key: str | None
    lines: int
    files: int
    share: float


@dataclass(frozen=True)
class Shares:
    """The *rows* by one property, those with most lines first; ages in their order."""

    by: str
    total_lines: int
    rows: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        """The shares as JSON values."""
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
    return Shares(by, total, tuple(sorted(rows, key=_by_age if by == "age" else _by_lines)))


def _by_lines(row: Row) -> tuple[int, str]:
    return -row.lines, row.key or ""


def _by_age(row: Row) -> int:
    return _AGES.index(row.key)


def package(import_path: str) -> str:
    """The dotted package of the module at *import_path*; its own name outside of one."""
    folder, _, name = import_path.rpartition("/")
    return folder.replace("/", ".") or name.removesuffix(".py")


def advice(
    sources: Iterable[SourceFile], policy: Mapping[str, Any], git: Git | None = None
) -> Iterator[str]:
    """
    One sentence for the share that is weak, and one for each thing to do about it.

    The *policy* is what a manifest holds of it. With *git*, it is measured what marks find of the
    recorded lines: where that is little, no policy is suggested that a missing mark decides by.
    """
    lines: Counter[tuple[Evidence, Origin]] = Counter()
    files = list(sources)
    for source in files:
        for run in source.runs:
            lines[run.provenance.evidence, run.provenance.origin] += run.count
    total = lines.total()
    weak = sum(n for (kind, _), n in lines.items() if kind.strength is Strength.WEAK)
    if not weak:
        return
    yield f"{percent(weak / total)} of the lines rest on weak evidence: no record, no mark"
    coverage = measure_coverage(files, git) if git else None
    since = policy.get("unmarked_human_since")
    unmarked = _OLDER if since else _UNMARKED.format(_since_when(files))
    if coverage and coverage.is_low:
        unmarked = _UNMARKED_BUT_RECORDED
    for kind, sentence in {(Evidence.UNMARKED, Origin.UNKNOWN): unmarked, **_DO}.items():
        if number := sum(n for key, n in lines.items() if key == kind):
            yield f"  {percent(number / total)} ({quantity(number, 'line')}) {sentence}"
    if coverage:
        yield f"  {coverage}"
    if git and (step := find_next_step(files, policy, git, coverage)):
        yield f"  {step}"


def _since_when(sources: Iterable[SourceFile]) -> str:
    """The value to suggest for `unmarked_human_since`: the day of the oldest AI line."""
    lines = (run.provenance for source in sources for run in source.runs)
    marked = (line.time for line in lines if line.origin is Origin.AI and line.time)
    if first := min(marked, default=None):
        return f" = {first[:10]} in [tool.aiprov], if they have since the oldest AI line"
    return " in [tool.aiprov] to the day when they began"


_UNMARKED = (
    "are unmarked and unknown: have your agents mark their commits and set unmarked_human_since{}; "
    'or set unmarked = "human", if they always have'
)
_UNMARKED_BUT_RECORDED = (
    "are unmarked and unknown: records call many such lines AI here, so that a missing mark "
    "means nothing"
)
_OLDER = (
    "are unmarked, unknown and older than unmarked_human_since of [tool.aiprov]: nothing is "
    "recorded about them"
)
_DO = {
    (Evidence.UNMARKED, Origin.HUMAN): (
        "are unmarked and human by your policy: true as far as your agents do mark their commits"
    ),
    (Evidence.WATCHED, Origin.HUMAN): (
        "are human because no agent was at work while they came: true as far as every writer is "
        "hooked"
    ),
    (Evidence.PREDATES_AI, Origin.HUMAN): (
        "are human because they are older than the first coding assistant (human_before): "
        "nothing to do"
    ),
    (Evidence.NONE, Origin.UNKNOWN): (
        "are of a bot, or of a commit that is not in this clone: commit your changes, and fetch "
        "what a shallow clone lacks with `git fetch --unshallow`"
    ),
}
