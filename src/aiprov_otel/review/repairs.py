"""AI-written lines that replace a person's repair of AI-written lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from aiprov_otel.history.git.patch import Hunk
from aiprov_otel.history.query import Place as Written
from aiprov_otel.review.change import Change, ChangedFile
from aiprov_otel.review.places import Place, places
from aiprov_otel.values import Evidence, Origin, Provenance


@dataclass(frozen=True, slots=True)
class ReplacedRepair:
    """
    The *place* of added AI-written lines, and the *repair* that they replace.

    Attributes:
        repair: the commit of a person, without a mark, that replaced AI-written lines, or put
            lines between them, within a function.
        repaired: the commits that wrote those.
    """

    place: Place
    repair: str
    repaired: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The lines as JSON values."""
        return {
            **self.place.to_json(),
            "repair": self.repair,
            "repaired": list(self.repaired),
        }


def replaced_repairs(change: Change) -> list[ReplacedRepair]:
    """The added AI-written lines of *change* that replace such a repair, in order."""
    repaired = _Repaired(change)
    return sorted(
        (
            ReplacedRepair(place, repair, tuple(sorted(written_by)))
            for file in change.files
            for repair, (lines, written_by) in _by_repair(file, repaired).items()
            for place in places(file.source.path, lines)
        ),
        key=lambda found: (found.place, found.repair),
    )


def _by_repair(file: ChangedFile, repaired: _Repaired) -> dict[str, tuple[set[int], set[str]]]:
    """By repair: the added AI-written lines of *file*, and the commits that it repaired."""
    found: dict[str, tuple[set[int], set[str]]] = defaultdict(lambda: (set(), set()))
    for hunk in file.hunks:
        written = [line for line in hunk.added if file.source.line(line).origin is Origin.AI]
        if written and hunk.removed and file.old_path:
            for repair, written_by in repaired.by_lines(file.old_path, hunk):
                lines, commits = found[repair]
                lines.update(written)
                commits.add(written_by)
    return found


class _Repaired:
    """Looks up what was repaired; reads each commit and file once."""

    def __init__(self, change: Change) -> None:
        self._base = change.base
        self._lines_at = cache(change.lines_at)
        self._hunks_of = cache(change.hunks_of)
        self._functions_at = cache(change.functions_at)

    def by_lines(self, path: str, hunk: Hunk) -> Iterator[tuple[str, str]]:
        """The repairs among the lines that *hunk* removes from *path*, with what they repaired."""
        lines = self._lines_at(self._base, path)
        for number in hunk.removed:
            provenance, place = lines[number - 1]
            if not _is_persons(provenance):
                continue
            for line in self._repaired_by(place):
                if line.origin is Origin.AI and line.commit:
                    yield place.commit, line.commit

    def _repaired_by(self, place: Written) -> list[Provenance]:
        """The lines that the one at *place* replaced, or was inserted between in a function."""
        old_path, hunks = self._hunks_of(place.commit, place.path)
        hunk = next((hunk for hunk in hunks if place.line in hunk.added), None)
        if not hunk or not old_path:
            return []
        before = f"{place.commit}^"
        numbers = hunk.removed or self._around(before, old_path, hunk.removed.start)
        if not numbers:
            return []
        lines = self._lines_at(before, old_path)
        return [lines[number - 1][0] for number in numbers]

    def _around(self, revision: str, path: str, line: int) -> range:
        """*line* and the next one, if both are of one function; none elsewhere."""
        inside = any(f.first <= line < f.last for f in self._functions_at(revision, path))
        return range(line, line + 2) if inside else range(0)


def _is_persons(line: Provenance) -> bool:
    """Whether a person committed *line*, and nothing marks it; whatever the policy makes of it."""
    return line.origin is Origin.HUMAN or line.evidence is Evidence.UNMARKED
