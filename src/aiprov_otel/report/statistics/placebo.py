"""How extreme a ratio is among those of the same functions with their origins drawn by lot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from aiprov_otel.report.statistics.bootstrap import index_names
from aiprov_otel.report.statistics.strata import Cell, Stratum
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    Indexes: TypeAlias = NDArray[np.intp]

PERMUTATIONS: Final = 2_000
SEED: Final = 1_728


def placebo_share(
    cells: Sequence[Cell], *, permutations: int = PERMUTATIONS, seed: int = SEED
) -> float | None:
    """
    The share of permutations whose Mantel-Haenszel ratio is at least as far from 1 as that of
    *cells*.

    *cells* are merged, and of informative strata. In each permutation, the functions of a route
    exchange their arms; a function that runs in several belongs to the one with most of its calls.
    The permutation that happened counts as one of them, so the share is never 0. The same *seed*
    gives the same share. None if there is no ratio.

    Source: B. Phipson, G. K. Smyth, "Permutation P-values should never be zero", Statistical
    Applications in Genetics and Molecular Biology 9 (2010), article 39.
    """
    units = index_names([(cell.function, cell.exposed) for cell in cells])
    strata = index_names([cell.stratum for cell in cells])
    exposed = np.zeros(len(cells), dtype=np.bool_)
    exposed[units] = [cell.exposed for cell in cells]
    calls = np.array([cell.calls for cell in cells], dtype=np.float64)
    errors = np.array([cell.errors for cell in cells], dtype=np.float64)
    observed = _distance(calls, errors, exposed[units], strata)
    if not np.isfinite(observed):
        return None
    random, extreme = np.random.default_rng(seed), 1
    groups = _routes(cells, units)
    for _ in range(permutations):
        drawn = exposed.copy()
        for group in groups:
            drawn[group] = random.permutation(exposed[group])
        extreme += bool(_distance(calls, errors, drawn[units], strata) >= observed - 1e-9)
    return extreme / (permutations + 1)


def _routes(cells: Sequence[Cell], units: Indexes) -> list[Indexes]:
    """The units that exchange their arms, by the stratum with most of the calls of each."""
    most: dict[int, Cell] = {}
    for cell, unit in zip(cells, units.tolist(), strict=True):
        if unit not in most or cell.calls > most[unit].calls:
            most[unit] = cell
    groups: dict[Stratum, list[int]] = defaultdict(list)
    for unit, cell in most.items():
        groups[cell.stratum].append(unit)
    return [np.array(group, dtype=np.intp) for group in groups.values() if len(group) > 1]


def _distance(calls: Array, errors: Array, exposed: NDArray[np.bool_], strata: Indexes) -> float:
    """How far the ratio is from 1, on a logarithmic scale; infinite or NaN without errors."""
    total = np.bincount(strata, calls)
    with np.errstate(all="ignore"):
        share = np.bincount(strata, calls * exposed) / total
        top = (errors * exposed * (1 - share)[strata]).sum()
        bottom = (errors * ~exposed * share[strata]).sum()
        return float(abs(np.log(top / bottom)))
