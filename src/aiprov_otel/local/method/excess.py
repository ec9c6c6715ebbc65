"""Which part of the exposed code carries the errors beyond those of the baseline; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiprov_otel.report.statistics.rates import byar
from aiprov_otel.report.statistics.strata import Stratum, Tally


@dataclass(frozen=True, slots=True)
class Beyond:
    """
    Errors against those that the baseline's rates would give.

    Attributes:
        calls: the exposure.
        errors: what was observed.
        expected: what the same calls would have at the rates of the baseline on each route.
        excess: errors - expected.
        low: lower 95 % limit of the excess: of the count of errors, the rates taken as known.
        high: upper 95 % limit.
    """

    calls: float
    errors: float
    expected: float
    excess: float
    low: float
    high: float


def beyond(calls: float, errors: float, expected: float) -> Beyond:
    """
    The excess of *errors* over *expected*, with Byar's limits of the count.

    Source: N. E. Breslow, N. E. Day, "Statistical Methods in Cancer Research", volume II (1987),
    section 2.3: observed against expected, the expected from a standard's rates.
    """
    low, high = byar(errors)
    return Beyond(calls, errors, expected, errors - expected, low - expected, high - expected)


def expected(calls: Mapping[Stratum, float], counts: Mapping[Stratum, Tally]) -> float:
    """The errors that *calls* would have at the baseline's rate in each stratum."""
    return sum(
        number * counts[stratum].baseline_errors / counts[stratum].baseline_calls
        for stratum, number in calls.items()
    )
