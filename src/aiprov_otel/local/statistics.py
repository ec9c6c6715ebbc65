"""Limits of a ratio; pure."""

from __future__ import annotations

from math import sqrt
from typing import Final

Z: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


def wilson(errors: float, calls: float) -> tuple[float, float] | None:
    """
    The 95 % score limits of the ratio *errors* / *calls*.

    None where there is no such ratio: no calls, or more errors than calls, which happens where
    exceptions come from lines that no span stands for.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212.
    """
    if calls <= 0 or errors > calls:
        return None
    ratio = errors / calls
    scale = 1 + Z**2 / calls
    center = (ratio + Z**2 / (2 * calls)) / scale
    half = Z * sqrt(ratio * (1 - ratio) / calls + Z**2 / (4 * calls**2)) / scale
    return max(center - half, 0.0), min(center + half, 1.0)
