"""From a number to a place in a drawing, in percent; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log, log2, log10


@dataclass(frozen=True, slots=True)
class Scale:
    """
    Where a number stands between two.

    Attributes:
        low: stands at 0%.
        high: stands at 100%.
        ticks: the numbers to be marked.
        logarithmic: whether equal ratios are equally far.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool

    def at(self, value: float) -> float:
        """The place of *value* in percent; at an end where it lies beyond."""
        inside = min(max(value, self.low), self.high)
        if self.logarithmic:
            return 100 * log(inside / self.low) / log(self.high / self.low)
        return 100 * (inside - self.low) / (self.high - self.low)


def ratios(values: Iterable[float]) -> Scale:
    """A scale for *values* around 1, in doublings: from 1/2 to 2 at least, 1/64 to 64 at most."""
    known = [value for value in values if value > 0]
    low = max(min(floor(log2(min(known, default=1))), -1), -6)
    high = min(max(ceil(log2(max(known, default=1))), 1), 6)
    step = 1 if high - low <= 6 else 2
    ticks = [2.0**power for power in range(low, high + 1) if power % step == 0]
    return Scale(2.0**low, 2.0**high, tuple(ticks), logarithmic=True)


def shares(values: Iterable[float]) -> Scale:
    """A scale from 0 to somewhat more than the largest of *values*, in round steps."""
    largest = max(values, default=0) or 0.01
    power = 10.0 ** floor(log10(largest))
    step = next(size * power for size in (0.25, 0.5, 1, 2.5) if size * power * 4 >= largest)
    count = ceil(largest / step)
    return Scale(0, step * count, tuple(step * n for n in range(count + 1)), logarithmic=False)


def times(values: Iterable[float]) -> Scale:
    """A scale of powers of ten around *values*, times in milliseconds."""
    known = [value for value in values if value > 0] or [1.0]
    low, high = floor(log10(min(known))), ceil(log10(max(known)))
    high = max(high, low + 1)
    ticks = tuple(10.0**power for power in range(low, high + 1))
    return Scale(ticks[0], ticks[-1], ticks, logarithmic=True)
