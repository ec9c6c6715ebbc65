"""Error rates: the limits of one, the ratio of two, and errors beyond those expected; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from typing import Final

from aiprov_otel.report.statistics.strata import Cell, Stratum, Tally, tallies

Z: Final = 1.959963984540054
"""The 97.5% point of the normal distribution."""

_ROUNDS: Final = 50  # Newton's method needs five; without convergence there is no maximum
_WIDEST: Final = 300  # limits as wide as e to this power are as good as none


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95% limits."""

    value: float
    low: float
    high: float


def limits_around(ratio: float, half: float) -> tuple[float, float]:
    """The limits at a distance of *half* from *ratio* on a logarithmic scale."""
    factor = exp(min(half, _WIDEST))
    return ratio / factor, ratio * factor


def wilson(errors: float, calls: float) -> tuple[float, float] | None:
    """
    The 95% score limits of the ratio *errors* / *calls*.

    None without calls, or with more errors than calls, as when exceptions come from lines that no
    span stands for.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212.
    """
    if calls <= 0 or errors > calls:
        return None
    ratio = errors / calls
    scale = 1 + Z**2 / calls
    center = (ratio + Z**2 / (2 * calls)) / scale
    half = Z * sqrt(ratio * (1 - ratio) / calls + Z**2 / (4 * calls**2)) / scale
    # Both are equal without errors, but for what rounding leaves; likewise where all calls fail.
    return max(center - half, 0.0) if errors else 0.0, min(center + half, 1.0) if ratio < 1 else 1.0


def mantel_haenszel(counts: Iterable[Tally]) -> float | None:
    """
    The common ratio of the error rates of both arms over strata; None without baseline errors.

    The same formula holds for risks and for rates: Σ e₁n₀/n over Σ e₀n₁/n, with errors e, calls n₁
    of the exposed arm, n₀ of the baseline, and n of both.

    Source: K. J. Rothman, S. Greenland, T. L. Lash, "Modern Epidemiology", third edition (2008),
    chapter 15, formulas 15-17 and 15-20; for rates first K. J. Rothman, J. D. Boice (1979).
    """
    top = bottom = 0.0
    for tally in counts:
        if tally.informative:
            top += tally.exposed_errors * tally.baseline_calls / tally.calls
            bottom += tally.baseline_errors * tally.exposed_calls / tally.calls
    return top / bottom if bottom else None


@dataclass(frozen=True, slots=True)
class QuasiPoisson(Estimate):
    """The ratio by regression; *dispersion* is 1 for independent errors, more for clustered."""

    dispersion: float


def quasi_poisson(cells: Sequence[Cell]) -> QuasiPoisson | None:
    """
    The rate ratio of a Poisson regression with a level for each stratum, and quasi-Poisson limits.

    *cells* are merged, and of informative strata. With a level for each stratum the likelihood is
    that of the exposed errors given all errors of their stratum, so one equation is solved; the
    variance is multiplied by Pearson's χ² over its degrees of freedom. None if an arm has no error
    or there are no degrees of freedom.

    Source: P. McCullagh, J. A. Nelder, "Generalized Linear Models", second edition (1989), sections
    6.2 and 9.2; N. E. Breslow, N. E. Day, volume II (1987), section 4.6.
    """
    counts = tallies(cells)
    ratio = _maximum_likelihood(list(counts.values()))
    freedom = len(cells) - len(counts) - 1
    if ratio is None or freedom < 1:
        return None
    dispersion = sum(_misfit(cell, counts[cell.stratum], ratio) for cell in cells) / freedom
    half = Z * sqrt(dispersion / sum(_information(tally, ratio) for tally in counts.values()))
    return QuasiPoisson(ratio, *limits_around(ratio, half), dispersion)


def _maximum_likelihood(counts: Sequence[Tally]) -> float | None:
    if not sum(tally.exposed_errors for tally in counts) or not sum(
        tally.baseline_errors for tally in counts
    ):
        return None
    ratio = mantel_haenszel(counts) or 1.0
    for _ in range(_ROUNDS):
        score = sum(tally.exposed_errors - _fitted_errors(tally, ratio) for tally in counts)
        information = sum(_information(tally, ratio) for tally in counts)
        if not information:  # one arm outweighs the other beyond the precision of a float
            return None
        step = score / information
        ratio *= exp(max(-2.0, min(2.0, step)))  # a longer step would only overshoot
        if abs(step) < 1e-10:
            return ratio
    return None


def _fitted_errors(tally: Tally, ratio: float) -> float:
    """The share of a stratum's errors that the exposed arm should have."""
    errors = tally.exposed_errors + tally.baseline_errors
    return errors * _exposed_portion(tally, ratio)


def _exposed_portion(tally: Tally, ratio: float) -> float:
    weighted = ratio * tally.exposed_calls
    return weighted / (weighted + tally.baseline_calls)


def _information(tally: Tally, ratio: float) -> float:
    return _fitted_errors(tally, ratio) * (1 - _exposed_portion(tally, ratio))


def _misfit(cell: Cell, tally: Tally, ratio: float) -> float:
    """The cell's part of Pearson's χ²."""
    errors = tally.exposed_errors + tally.baseline_errors
    level = errors / (ratio * tally.exposed_calls + tally.baseline_calls)
    fitted = cell.calls * level * (ratio if cell.exposed else 1)
    return (cell.errors - fitted) ** 2 / fitted if fitted else 0.0


def byar(errors: float) -> tuple[float, float]:
    """
    The 95% limits of the mean of a Poisson count of *errors*, by Byar's approximation.

    Source: N. E. Breslow, N. E. Day, "Statistical Methods in Cancer Research", volume II (1987),
    page 69, formula 2.13.
    """
    more = errors + 1
    high = more * (1 - 1 / (9 * more) + Z / (3 * sqrt(more))) ** 3
    if not errors:
        return 0.0, high
    return errors * (1 - 1 / (9 * errors) - Z / (3 * sqrt(errors))) ** 3, high


@dataclass(frozen=True, slots=True)
class ErrorExcess:
    """
    Errors against those that the rates of the baseline would give.

    Attributes:
        calls: the exposure.
        errors: the observed errors.
        expected: the errors that the same calls would have at the baseline's rate on each route.
        excess: errors - expected.
        low: lower 95% limit of the excess, from the count of errors; the rates are taken as known.
        high: upper 95% limit.
    """

    calls: float
    errors: float
    expected: float
    excess: float
    low: float
    high: float


def error_excess(calls: float, errors: float, expected: float) -> ErrorExcess:
    """
    The excess of *errors* over *expected*, with Byar's limits of the count.

    Source: N. E. Breslow, N. E. Day, "Statistical Methods in Cancer Research", volume II (1987),
    section 2.3: observed against expected, the expected from a standard's rates.
    """
    low, high = byar(errors)
    return ErrorExcess(calls, errors, expected, errors - expected, low - expected, high - expected)


def expected_errors(calls: Mapping[Stratum, float], counts: Mapping[Stratum, Tally]) -> float:
    """The errors that *calls* would have at the baseline's rate in each stratum."""
    return sum(
        number * counts[stratum].baseline_errors / counts[stratum].baseline_calls
        for stratum, number in calls.items()
    )
