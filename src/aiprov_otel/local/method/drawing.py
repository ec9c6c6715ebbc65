"""Whole functions, drawn with replacement: what every bootstrap here has in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    Places: TypeAlias = NDArray[np.intp]

RESAMPLES: Final = 2_000
SEED: Final = 1_728
_AT_ONCE: Final = 400_000  # numbers that are held: what fits a processor's cache


def numbered(names: Sequence[object]) -> Places:
    """A number for each of *names*, the same for the same, from 0 in order of appearance."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.intp)


def groups(function: Places, arm: Places) -> tuple[Places, ...]:
    """The functions apart by the arms that they ran in: the one, the other, or both."""
    kinds = np.zeros(len(set(function.tolist())), dtype=np.intp)
    np.bitwise_or.at(kinds, function, arm + 1)
    return tuple(np.flatnonzero(kinds == kind) for kind in (1, 2, 3) if (kinds == kind).any())


def drawings(
    drawn_apart: Sequence[Places], *, held: int, resamples: int, seed: int
) -> Iterator[Array]:
    """
    How often each function was drawn: a row for each function, a column for each drawing.

    They come in portions of which *held* numbers a drawing fit the memory; each group of functions
    is drawn apart, as often as it has functions. The same *seed* gives the same drawings.
    """
    chance = np.random.default_rng(seed)
    functions = sum(map(len, drawn_apart))
    portion = max(1, _AT_ONCE // max(held, functions))
    for first in range(0, resamples, portion):
        size = min(portion, resamples - first)
        drawn = np.zeros((functions, size))
        for group in drawn_apart:
            even = np.full(len(group), 1 / len(group))
            drawn[group] = chance.multinomial(len(group), even, size=size).T
        yield drawn
