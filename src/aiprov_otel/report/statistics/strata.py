"""Calls and errors of functions in strata, and how clustered the errors are; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Stratum: TypeAlias = tuple[str, ...]
"""Service, entry route and kind of unit, plus whatever else a comparison is made within."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """
    The counts of one function in one stratum while its code belonged to one arm.

    Attributes:
        stratum: where it ran.
        exposed: whether it belonged to the exposed arm, else to the baseline.
        function: its identity across strata.
        calls: the exposure.
        errors: how many its own lines raised.
    """

    stratum: Stratum
    exposed: bool
    function: str
    calls: float
    errors: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls and errors of both arms in one stratum."""

    exposed_calls: float = 0
    exposed_errors: float = 0
    baseline_calls: float = 0
    baseline_errors: float = 0

    @property
    def calls(self) -> float:
        """The calls of both arms."""
        return self.exposed_calls + self.baseline_calls

    @property
    def informative(self) -> bool:
        """Whether both arms ran there, so that they can be compared."""
        return self.exposed_calls > 0 and self.baseline_calls > 0

    def plus(self, cell: Cell) -> Tally:
        """Returns this tally with *cell* added."""
        if cell.exposed:
            calls, errors = self.exposed_calls + cell.calls, self.exposed_errors + cell.errors
            return Tally(calls, errors, self.baseline_calls, self.baseline_errors)
        calls, errors = self.baseline_calls + cell.calls, self.baseline_errors + cell.errors
        return Tally(self.exposed_calls, self.exposed_errors, calls, errors)


def merge_cells(cells: Iterable[Cell]) -> list[Cell]:
    """Returns *cells* sorted, one for each function, arm and stratum."""
    sums: dict[tuple[Stratum, bool, str], list[float]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        counts = sums[cell.stratum, cell.exposed, cell.function]
        counts[0] += cell.calls
        counts[1] += cell.errors
    return [Cell(*key, *counts) for key, counts in sorted(sums.items())]


def tallies(cells: Iterable[Cell]) -> dict[Stratum, Tally]:
    """The counts of each stratum."""
    counts: dict[Stratum, Tally] = defaultdict(Tally)
    for cell in cells:
        counts[cell.stratum] = counts[cell.stratum].plus(cell)
    return dict(counts)


def informative_cells(cells: Iterable[Cell]) -> list[Cell]:
    """Returns *cells*, merged, of the strata in which both arms ran."""
    merged = merge_cells(cells)
    counts = tallies(merged)
    return [cell for cell in merged if counts[cell.stratum].informative]


def informative_share(counts: Mapping[Stratum, Tally]) -> float | None:
    """The share of calls in strata where both arms ran; None without calls."""
    calls = sum(tally.calls for tally in counts.values())
    informative = sum(tally.calls for tally in counts.values() if tally.informative)
    return informative / calls if calls else None


def count_failing(cells: Iterable[Cell], *, exposed: bool) -> int:
    """Counts the functions of one arm that had an error."""
    return len({cell.function for cell in cells if cell.exposed == exposed and cell.errors})


@dataclass(frozen=True, slots=True)
class FunctionSums:
    """
    Sums over functions of their calls n and errors e.

    Attributes:
        functions: how many there are.
        calls: Σ n.
        errors: Σ e.
        squared_errors: Σ e².
        products: Σ en.
        squared_calls: Σ n².
    """

    functions: int
    calls: float
    errors: float
    squared_errors: float
    products: float
    squared_calls: float


def design_effect(sums: FunctionSums) -> float:
    """
    The variance of the error ratio over functions, over that of independent calls; at least 1.

    With the ratio r = Σe / Σn, the first is the sum of (e - rn)² over functions, times k / (k - 1)
    for k of them, over (Σn)²; the second is r(1 - r) / Σn. Returns 1 if there is nothing to compute
    it from: a single function, no errors, or nothing but errors.

    Source: L. Kish, "Survey Sampling" (1965), sections 6.3 (ratios of clusters) and 8.2 (deff).
    """
    if sums.functions < 2 or not 0 < sums.errors < sums.calls:
        return 1.0
    ratio = sums.errors / sums.calls
    misfit = sums.squared_errors - 2 * ratio * sums.products + ratio**2 * sums.squared_calls
    over_functions = misfit * sums.functions / (sums.functions - 1) / sums.calls**2
    return max(1.0, over_functions / (ratio * (1 - ratio) / sums.calls))
