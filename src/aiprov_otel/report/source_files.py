"""The files of the application: who wrote each line, which lines fail, and which take time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from aiprov_otel.errors import ManifestError
from aiprov_otel.format import short_hash
from aiprov_otel.report import sql
from aiprov_otel.values import MISSING, WITH_MODEL, Origin, Outcome, Provenance

if TYPE_CHECKING:
    from aiprov_otel.coverage.values import FileCoverage
    from aiprov_otel.manifest.document import Entry
    from aiprov_otel.report.code import Code
    from aiprov_otel.report.error_groups import ErrorGroup
    from aiprov_otel.report.session import Session

_MOST_LINES: Final = 20_000  # of a file whose text is shown


class Author(NamedTuple):
    """Who wrote a line, as `Provenance` has it."""

    origin: str = Origin.UNKNOWN.value
    agent: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """
    One file of the application, or a folder with all that is below it.

    Attributes:
        path: relative to the repository; that of a folder ends with `/`.
        lines: the number of lines; 0 for a file that no manifest contains.
        errors: escaped errors that its lines raised.
        self_s: seconds of its functions' own time; None where no span stands for one of them.
        covered: the share of its lines that tests executed; None if that is not known.
        services: those with a span or an error of it.
        authors: how many of its lines each wrote; none of a file that no manifest contains.
        commits: those of its lines, each with its time; None where a line has no commit.
    """

    path: str
    lines: int
    errors: int
    self_s: float | None
    covered: float | None
    services: frozenset[str]
    authors: Mapping[Author, int]
    commits: Mapping[str | None, str | None]

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.endswith("/")

    @property
    def filters(self) -> Mapping[str, str]:
        """What it is filtered by: the values that some of its lines have, a line of text each."""
        if self.is_folder:
            return {}
        origins, agents, models = zip(*self.authors or [Author()], strict=True)
        commits = (commit and short_hash(commit) for commit in self.commits or [None])
        return {
            "service": "\n".join(sorted(self.services)),
            "origin": _values(origins),
            "agent": _values(agents),
            "model": _values(models),
            "commit": _values(commits),
        }

    @property
    def origins(self) -> tuple[tuple[str, float], ...]:
        """The share of the lines of each origin that there is."""
        lines: Counter[str] = Counter()
        for author, count in self.authors.items():
            lines[author.origin] += count
        return _shares(lines)

    @property
    def ai_share(self) -> float | None:
        """The share of AI-written lines; None for a file that no manifest contains."""
        return dict(self.origins).get(Origin.AI.value, 0.0) if self.lines else None

    @property
    def agents(self) -> tuple[str | None, ...]:
        """The agents of the lines that a model wrote, most lines first; None is unknown."""
        return self._by_lines(lambda author: author.agent)

    @property
    def models(self) -> tuple[str | None, ...]:
        """The models that wrote lines, most lines first; None is unknown."""
        return self._by_lines(lambda author: author.model)

    def _by_lines(self, name: Callable[[Author], str | None]) -> tuple[str | None, ...]:
        lines: Counter[str | None] = Counter()
        for author, count in self.authors.items():
            if author.origin in WITH_MODEL:
                lines[name(author)] += count
        return tuple(name for name, _ in lines.most_common())

    @property
    def newest_commit(self) -> str | None:
        """That of its lines; None if none is known."""
        dated = ((time or "", commit) for commit, time in self.commits.items() if commit)
        return max(dated, default=("", None))[1]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """
    One line of a file.

    Attributes:
        begins: whether the line above it has another provenance.
        groups: the errors that it raised.
        calls: of the function that is defined here; None where no span stands for it.
        self_s: seconds of that function's own time, likewise.
        covered: whether tests executed it; None if it can't be executed, or is not known.
    """

    number: int
    text: str
    provenance: Provenance
    begins: bool
    groups: tuple[ErrorGroup, ...]
    calls: int | None
    self_s: float | None
    covered: bool | None

    @property
    def errors(self) -> int:
        """Escaped errors that it raised."""
        return _escaped(self.groups)


@dataclass(frozen=True, slots=True)
class SourceText:
    """
    A file with its lines.

    Attributes:
        summary: its counts.
        lines: in order; empty if the text is missing.
        reason: why there are no lines; None if there are some.
    """

    summary: SourceSummary
    lines: tuple[SourceLine, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Spent:
    """Calls and self time of the function that is defined in *line*."""

    line: int | None
    calls: int
    seconds: float


class SourceReader:
    """The files of the application in one session."""

    def __init__(self, session: Session, code: Code, groups: Iterable[ErrorGroup]) -> None:
        session.create(sql.CALL_TABLES)
        self._code = code
        self._spent: dict[str, list[_Spent]] = defaultdict(list)
        self._groups: dict[str, list[ErrorGroup]] = defaultdict(list)
        self._files: dict[str, SourceText | None] = {}
        for path, _, *spent in session.query("self_time_by_function"):
            self._spent[path].append(_Spent(*spent))
        self._services: dict[str, set[str]] = defaultdict(set)
        for path, service in session.query("services_by_path"):
            self._services[path].add(service)
        for group in groups:
            if group.path:
                self._groups[group.path].append(group)
                self._services[group.path].add(group.service)

    def files(self) -> tuple[SourceSummary, ...]:
        """Every file of the manifest, and each other that failed or took time, below its folder."""
        entries = self._entries
        files = {
            path: self._summary(path, entries.get(path))
            for path in sorted({*entries, *self._spent, *self._groups})
        }
        by_folder: dict[str, list[SourceSummary]] = defaultdict(list)
        for path, file in files.items():
            by_folder[_folder(path)].append(file)
        rows: list[SourceSummary] = []
        for folder, inside in sorted(by_folder.items()):
            if folder:
                below = [file for path, file in files.items() if path.startswith(folder)]
                rows.append(self._sum(folder, below))
            rows += inside
        return tuple(rows)

    def _sum(self, folder: str, files: Sequence[SourceSummary]) -> SourceSummary:
        authors: Counter[Author] = Counter()
        commits: dict[str | None, str | None] = {}
        for file in files:
            authors.update(file.authors)
            commits.update(file.commits)
        spent = [file.self_s for file in files if file.self_s is not None]
        measured = [self._code.coverage.get(file.path) for file in files]
        return SourceSummary(
            folder,
            sum(file.lines for file in files),
            sum(file.errors for file in files),
            sum(spent) if spent else None,
            _covered(measured),
            frozenset().union(*(file.services for file in files)),
            authors,
            commits,
        )

    def failed(self) -> list[str]:
        """The files with escaped errors, by path."""
        return sorted(path for path, groups in self._groups.items() if _escaped(groups))

    def file(self, path: str) -> SourceText | None:
        """The file *path*; None if nothing is known of it."""
        if path not in self._files:
            self._files[path] = self._file(path)
        return self._files[path]

    def _file(self, path: str) -> SourceText | None:
        entry = self._entries.get(path)
        if entry is None and path not in self._spent and path not in self._groups:
            return None
        summary = self._summary(path, entry)
        if entry is None:
            return SourceText(summary, (), "The manifest does not contain this file.")
        if entry.lines > _MOST_LINES:
            return SourceText(summary, (), f"It has more than {_MOST_LINES:,} lines.")
        if (text := self._code.text(entry)) is None:
            reason = "Its text can't be read here, or changed since the manifest was built."
            return SourceText(summary, (), reason)
        return SourceText(summary, tuple(self._lines(path, entry, text.splitlines())), None)

    def around(self, path: str, line: int, margin: int = 3) -> Sequence[SourceLine]:
        """The lines around *line* of the file *path*; none if its text is missing."""
        file = self.file(path)
        return file.lines[max(line - 1 - margin, 0) : line + margin] if file else ()

    @cached_property
    def _entries(self) -> Mapping[str, Entry]:
        manifest = self._code.manifest
        return {entry.path: entry for entry in manifest.entries} if manifest else {}

    def _summary(self, path: str, entry: Entry | None) -> SourceSummary:
        spent = self._spent.get(path)
        return SourceSummary(
            path,
            entry.lines if entry else 0,
            _escaped(self._groups.get(path, ())),
            sum(one.seconds for one in spent) if spent else None,
            _covered([self._code.coverage.get(path)]),
            frozenset(self._services.get(path, ())),
            *(self._written(entry) if entry else ({}, {})),
        )

    def _written(
        self, entry: Entry
    ) -> tuple[Mapping[Author, int], Mapping[str | None, str | None]]:
        assert self._code.manifest  # the entry is one of its
        authors: Counter[Author] = Counter()
        try:
            for by, count in self._code.manifest.written(entry).items():
                authors[Author(by.origin.value, by.agent, by.model)] += count
            return authors, self._code.manifest.commits(entry)
        except ManifestError:  # this document is damaged; the others are not
            return {Author(): entry.lines}, {}

    def _lines(self, path: str, entry: Entry, texts: Iterable[str]) -> Iterable[SourceLine]:
        groups, spent = self._groups.get(path, ()), self._spent.get(path, ())
        coverage = self._code.coverage.get(path)
        previous = None
        for number, text in enumerate(texts, start=1):
            provenance = self._provenance(entry, number)
            here = [one for one in spent if one.line == number]
            yield SourceLine(
                number,
                text,
                provenance,
                provenance != previous,
                tuple(group for group in groups if group.line == number),
                sum(one.calls for one in here) if here else None,
                sum(one.seconds for one in here) if here else None,
                _executed(coverage, number),
            )
            previous = provenance

    def _provenance(self, entry: Entry, number: int) -> Provenance:
        assert self._code.manifest
        try:
            return self._code.manifest.source(entry).line(number)
        except ManifestError:
            return MISSING


def _values(names: Iterable[str | None]) -> str:
    return "\n".join(dict.fromkeys(name or "unknown" for name in names))


def _escaped(groups: Iterable[ErrorGroup]) -> int:
    return sum(group.count for group in groups if group.outcome == Outcome.ESCAPED)


def _folder(path: str) -> str:
    """The folder of *path*, with `/` at its end; empty at the top."""
    return path[: path.rfind("/") + 1]


def _shares(lines: Mapping[str, int]) -> tuple[tuple[str, float], ...]:
    """The share of each origin in *lines*, in the order in which origins are always shown."""
    total = sum(lines.values())
    return tuple((one.value, lines[one.value] / total) for one in Origin if lines.get(one.value))


def _covered(measured: Iterable[FileCoverage | None]) -> float | None:
    known = [one for one in measured if one]
    covered = sum(len(one.covered) for one in known)
    possible = covered + sum(len(one.missing) for one in known)
    return covered / possible if possible else None


def _executed(coverage: FileCoverage | None, line: int) -> bool | None:
    if coverage is None:
        return None
    if line in coverage.covered:
        return True
    return False if line in coverage.missing else None
