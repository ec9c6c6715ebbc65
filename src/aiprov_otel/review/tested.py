"""Coverage joined with origins: covered lines by origin, and AI-written functions without tests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiprov_otel.coverage.possible_lines import executable_lines, possible_lines
from aiprov_otel.coverage.values import FileCoverage
from aiprov_otel.files import read_regular
from aiprov_otel.history.stats import KEYS
from aiprov_otel.manifest import SourceFile, content_hash, decide, tails
from aiprov_otel.review.functions import Function, functions
from aiprov_otel.review.places import Place, places
from aiprov_otel.stacktrace.frames import name_below_packages
from aiprov_otel.values import Origin, Provenance


@dataclass(frozen=True)
class Tested:
    """
    Source files, each with what tests executed of it.

    Attributes:
        files: by path in the repository: the source file and its coverage.
        unmatched: the measured files that are not among the sources: tests, libraries.
        stale: the paths of files that changed since they were measured, which are left out.
    """

    files: Mapping[str, tuple[SourceFile, FileCoverage]]
    unmatched: tuple[str, ...]
    stale: tuple[str, ...]


def match(sources: Iterable[SourceFile], measured: Iterable[FileCoverage], root: Path) -> Tested:
    """
    Finds the *sources* of what was *measured*, by the longest tail of its path.

    *root* is where the repository was measured; a file of another folder matches a file at the
    top of the repository only if that holds no folders.
    """
    by_name: dict[str, list[SourceFile]] = defaultdict(list)
    for source in sources:
        for name in {source.path, source.import_path}:
            by_name[name].append(source)
    flat = not any("/" in name for name in by_name)
    files: dict[str, tuple[SourceFile, FileCoverage]] = {}
    unmatched = []
    for file in measured:
        path = file.path.replace("\\", "/").removeprefix(f"{root.as_posix()}/")
        name = _name(path, by_name, flat=flat)
        found = by_name.get(name, [])
        if len(found) == 1:
            [source] = found
            known = files.get(source.path)
            files[source.path] = (source, known[1].merged(file) if known else file)
        else:
            unmatched.append(file.path)
    stale = {path for path, (source, file) in files.items() if _is_stale(source, file, root)}
    kept = {path: files[path] for path in sorted(files.keys() - stale)}
    return Tested(kept, tuple(unmatched), tuple(sorted(stale)))


def _is_stale(source: SourceFile, file: FileCoverage, root: Path) -> bool:
    """Whether *file* is about lines that *source*, read below *root*, can't have executed."""
    try:
        possible = possible_lines(read_regular(root / source.path))
    except OSError:  # a manifest without its sources
        return bool(file.lines) and max(file.lines) > source.lines
    return possible is not None and not file.lines <= possible


def executable(source: SourceFile, root: Path) -> frozenset[int]:
    """The lines of *source*, read below *root*, that can be executed; all if that can't be seen."""
    try:
        lines = executable_lines(read_regular(root / source.path))
    except OSError:
        lines = None
    return frozenset(range(1, source.lines + 1)) if lines is None else lines


def _name(path: str, names: Mapping[str, object], *, flat: bool) -> str:
    """The longest end of *path* that is one of *names*; empty if none is."""
    if below := name_below_packages(path):
        return below
    found = next((tail for tail in tails(path) if tail in names), "")
    return found if found == path or "/" in found or flat else ""


@dataclass(frozen=True, slots=True)
class Row:
    """
    The lines and branches of one *key*, None for unknown, and how many tests executed.

    Attributes:
        statements: the lines that can be executed.
        share: of those, how many are *covered*, 0..1.
        branches: how many branches there are; 0 where none were measured.
    """

    key: str | None
    statements: int
    covered: int
    share: float
    branches: int
    covered_branches: int


def covered_by(tested: Tested, by: str) -> list[Row]:
    """How much of *tested* was executed, by one of `stats.KEYS`; most lines first."""
    counts: dict[str | None, Counter[str]] = defaultdict(Counter)
    for source, file in tested.files.values():
        key_of = _keys_of(source, by)
        for line in file.covered | file.missing:
            taken, branches = file.branches.get(line, (0, 0))
            counts[key_of(line)].update(
                statements=1,
                covered=line in file.covered,
                branches=branches,
                taken=taken,
            )
    rows = (
        Row(
            key,
            n["statements"],
            n["covered"],
            round(n["covered"] / n["statements"], 4),
            n["branches"],
            n["taken"],
        )
        for key, n in counts.items()
    )
    return sorted(rows, key=lambda row: (-row.statements, row.key or ""))


def _keys_of(source: SourceFile, by: str) -> Callable[[int], str | None]:
    return lambda line: KEYS[by](source, source.line(line))


@dataclass(frozen=True, slots=True)
class Untested:
    """
    A function with AI-written lines that no test executed.

    Attributes:
        path: of its file.
        name: its qualified name.
        line: of its `def`.
        provenance: of the function.
        edges: its AI-written `except` and `raise` lines that were not executed.
        missing: the lines that were not executed.
        never_called: whether none of its lines was.
    """

    path: str
    name: str
    line: int
    provenance: Provenance
    edges: tuple[int, ...]
    missing: tuple[Place, ...]
    never_called: bool

    def to_json(self) -> dict[str, Any]:
        """The function as JSON values."""
        return {
            "path": self.path,
            "function": self.name,
            "line": self.line,
            **self.provenance.to_json(),
            "edges": list(self.edges),
            "missing": [place.to_json() for place in self.missing],
            "never_called": self.never_called,
        }


def untested(tested: Tested, root: Path) -> list[Untested]:
    """
    AI-written functions that no test calls, and those with an untested `except` or `raise`.

    Those with most untested edge cases come first. The sources are read below *root*; those that
    changed since are left out.
    """
    found = (
        function
        for source, file in tested.files.values()
        for function in _untested_in(source, file, root)
    )
    return sorted(
        found, key=lambda one: (-len(one.edges), not one.never_called, one.path, one.line)
    )


def _untested_in(source: SourceFile, file: FileCoverage, root: Path) -> Iterator[Untested]:
    for function in parse(source, root):
        lines = function.body & (file.covered | file.missing)
        missing = function.body & file.missing
        if not missing:
            continue
        provenance = decide(source.line(line) for line in sorted(lines))
        edges = [
            line
            for line in sorted(function.edges & missing)
            if source.line(line).origin is Origin.AI
        ]
        never = provenance.origin is Origin.AI and not function.body & file.covered
        if edges or never:
            where = tuple(places(source.path, missing))
            yield Untested(
                source.path, function.name, function.first, provenance, tuple(edges), where, never
            )


def parse(source: SourceFile, root: Path) -> Sequence[Function]:
    """The functions of *source*, read below *root*; none if it changed, or can't be parsed."""
    try:
        content = read_regular(root / source.path)
        return functions(content) if content_hash(content) == source.hash else ()
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ()
