"""How bunched errors are: how many calls it takes to learn as much as from an independent one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sums:
    """
    Over functions: how many there are, and sums of their calls n and errors e.

    Attributes:
        functions: their number.
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


def design_effect(sums: Sums) -> float:
    """
    The variance of the error ratio over functions, over that of independent calls; 1 or more.

    With the ratio r = Σe / Σn, the first is the sum of (e - rn)² over functions, times k / (k - 1)
    for k of them, over (Σn)²; the second is r(1 - r) / Σn. 1 where there is nothing to tell it
    from: a single function, no errors, or nothing but errors.

    Source: L. Kish, "Survey Sampling" (1965), sections 6.3 (ratios of clusters) and 8.2 (deff).
    """
    if sums.functions < 2 or not 0 < sums.errors < sums.calls:
        return 1.0
    ratio = sums.errors / sums.calls
    misfit = sums.squared_errors - 2 * ratio * sums.products + ratio**2 * sums.squared_calls
    over_functions = misfit * sums.functions / (sums.functions - 1) / sums.calls**2
    return max(1.0, over_functions / (ratio * (1 - ratio) / sums.calls))
