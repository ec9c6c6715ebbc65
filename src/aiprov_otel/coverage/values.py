"""The lines and branches of a file that tests executed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """
    What tests executed of one file.

    Attributes:
        path: as the tool that measured it wrote it.
        covered: the lines that were executed.
        missing: the lines that could be and were not.
        branches: by line, how many of its branches were taken, and how many there are.
        traced: the lines that a tracer reported, where that is known.
    """

    path: str
    covered: frozenset[int]
    missing: frozenset[int]
    branches: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    traced: frozenset[int] = frozenset()

    @property
    def lines(self) -> frozenset[int]:
        """Every line that it is about."""
        return self.covered | self.missing | self.traced

    def merged(self, other: FileCoverage) -> FileCoverage:
        """This file as both measured it: a line that one of them executed is covered."""
        covered = self.covered | other.covered
        branches = {
            line: max(
                self.branches.get(line, (0, 0)),
                other.branches.get(line, (0, 0)),
                key=lambda b: b[0],
            )
            for line in {*self.branches, *other.branches}
        }
        missing = (self.missing | other.missing) - covered
        return FileCoverage(self.path, covered, missing, branches, self.traced | other.traced)


def by_path(files: Iterable[FileCoverage]) -> list[FileCoverage]:
    """*files* with those of one path merged, sorted by path."""
    merged: dict[str, FileCoverage] = {}
    for file in files:
        known = merged.get(file.path)
        merged[file.path] = known.merged(file) if known else file
    return [merged[path] for path in sorted(merged)]
