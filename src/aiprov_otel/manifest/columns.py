"""
Columns of natural numbers as bytes: a letter for the type of each, then their arrays.

The letters are those of Python's `array`: `B`, `H` and `I` are unsigned numbers of 1, 2 and 4
bytes, little-endian. Each column has the smallest type that holds all its numbers.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import Final

_TYPES: Final = ("B", "H", "I")
_LARGEST: Final = {letter: (1 << 8 * array(letter).itemsize) - 1 for letter in _TYPES}


def narrow(column: Sequence[int]) -> array[int]:
    """*column* as an array of the smallest type."""
    largest = max(column, default=0)
    smallest = next((letter for letter in _TYPES if largest <= _LARGEST[letter]), _TYPES[-1])
    return array(smallest, column)


def pack(*columns: Sequence[int]) -> bytes:
    """What `unpack` reads."""
    types, parts = "", []
    for column in columns:
        packed = narrow(column)
        types += packed.typecode
        if sys.byteorder == "big":
            packed.byteswap()
        parts.append(packed.tobytes())
    return types.encode() + b"".join(parts)


def unpack(data: bytes, number: int) -> list[array[int]]:
    """
    Reads that *number* of columns.

    Raises:
        ValueError: *data* does not have that shape.
    """
    types = data[:number].decode("ascii")
    if len(types) != number or not set(types) <= set(_TYPES):
        msg = f"its arrays have the types {types!r}"
        raise ValueError(msg)
    # Not `array[int](each)`: before Python 3.12, that is an error when it runs.
    arrays: list[array[int]] = [array(each) for each in types]
    rows, rest = divmod(len(data) - number, sum(each.itemsize for each in arrays))
    if rest:
        raise ValueError("its arrays have no whole number of runs")
    start = number
    for each in arrays:
        end = start + rows * each.itemsize
        each.frombytes(data[start:end])
        if sys.byteorder == "big":
            each.byteswap()
        start = end
    return arrays
