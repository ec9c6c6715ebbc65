"""The scales of charts, from a number to a place in percent; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log, log2, log10


@dataclass(frozen=True, slots=True)
class Scale:
    """
    Maps numbers to places.

    Attributes:
        low: the number at 0%.
        high: the number at 100%.
        ticks: the numbers that are marked.
        logarithmic: whether equal ratios are equal distances.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool

    def at(self, value: float) -> float:
        """The place of *value* in percent; outside of the scale, its nearer end."""
        inside = min(max(value, self.low), self.high)
        if self.logarithmic:
            return 100 * log(inside / self.low) / log(self.high / self.low)
        return 100 * (inside - self.low) / (self.high - self.low)


def ratios(values: Iterable[float]) -> Scale:
    """A scale of doublings around 1: at least from 1/2 to 2, at most from 1/64 to 64."""
    positive = [value for value in values if value > 0]
    low = max(min(floor(log2(min(positive, default=1))), -1), -6)
    high = min(max(ceil(log2(max(positive, default=1))), 1), 6)
    step = 1 if high - low <= 6 else 2
    ticks = [2.0**power for power in range(low, high + 1) if power % step == 0]
    return Scale(2.0**low, 2.0**high, tuple(ticks), logarithmic=True)


def shares(values: Iterable[float]) -> Scale:
    """A scale from 0 to just above the largest of *values*, in round steps."""
    largest = max(values, default=0) or 0.01
    power = 10.0 ** floor(log10(largest))
    step = next(size * power for size in (0.25, 0.5, 1, 2.5) if size * power * 4 >= largest)
    count = ceil(largest / step)
    return Scale(0, step * count, tuple(step * n for n in range(count + 1)), logarithmic=False)


def times(values: Iterable[float]) -> Scale:
    """A scale of powers of ten around *values* in milliseconds."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = floor(log10(min(positive))), ceil(log10(max(positive)))
    high = max(high, low + 1)
    ticks = tuple(10.0**power for power in range(low, high + 1))
    return Scale(ticks[0], ticks[-1], ticks, logarithmic=True)


def multiple(tick: float) -> str:
    """The label of a *tick* of `ratios`: `1/2`, `2`."""
    return f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}"
