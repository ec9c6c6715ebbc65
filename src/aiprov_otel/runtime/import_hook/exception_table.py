"""
Lets an exception leave rewritten code without memory.

Where an exception leaves a handler, Python notes the offset of the instruction, to be the current
one again. Past 256 that is a new integer. Where there is no memory for it, Python tries again, for
ever. Rewritten functions are longer than they were, and each is left by a handler of ours: so none
of their cleanups notes an offset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from opcode import opmap
from types import CodeType
from typing import Any, Final, TypeVar

_UNIT: Final = 2
"""The bytes of an instruction: its number and its argument."""
_COPY: Final = opmap.get("COPY", -1)
_RERAISE: Final = opmap.get("RERAISE", -1)
_PASSED: Final = {
    number
    for name, number in opmap.items()
    if name.startswith(("STORE_", "DELETE_")) or name in {"POP_EXCEPT", "LOAD_CONST"}
} | {_COPY, opmap.get("CALL_INTRINSIC_1", _COPY)}
"""What a cleanup does before it raises again: it leaves the handler and deletes its name."""

_FIRST, _CONTINUED, _LASTI = 0x80, 0x40, 1
_FIELDS: Final = 4
"""Numbers in an entry of an exception table: start, size, target, and depth with a flag."""

_NO_LINE: Final = 0xF8
_SAME_LINE: Final = 0xE8
"""Entries of a line table, without the size: no line, and a line that differs by so much."""


def without_offsets(code: CodeType) -> CodeType:
    """*code*, which ends in a handler of ours, with cleanups that note no offset."""
    return _noting_none(code).replace(co_linetable=_lined(code.co_linetable))


def _noting_none(code: CodeType) -> CodeType:
    instructions, table = bytearray(code.co_code), bytearray(code.co_exceptiontable)
    for target, flag in _handlers(code.co_exceptiontable):
        if (end := _end(instructions, target)) is not None:
            table[flag] &= ~_LASTI
            _raise_again_without(instructions, target, end)
    return code.replace(co_code=bytes(instructions), co_exceptiontable=bytes(table))


F = TypeVar("F", bound=Callable[..., Any])


def leaves_without_memory(function: F) -> F:
    """Lets an exception leave *function*, one of ours that rewritten code calls, the same way."""
    # Without a line: at one, a tracer may fail, as it does near the recursion limit, and Python
    # would not leave the handler.
    function.__code__ = _noting_none(function.__code__)
    return function


def _handlers(table: bytes) -> Iterator[tuple[int, int]]:
    """The offset of each handler that is given an offset, and where *table* has its flag."""
    numbers: list[int] = []
    value = 0
    for index, byte in enumerate(table):
        value = (value << 6 if not byte & _FIRST else 0) | byte & (_CONTINUED - 1)
        if byte & _CONTINUED:
            continue
        numbers.append(value)
        value = 0
        if len(numbers) == _FIELDS:
            *_, target, depth = numbers
            if depth & _LASTI:
                yield target * _UNIT, index
            numbers = []


def _end(instructions: bytearray, target: int) -> int | None:
    """Where the cleanup at *target* raises again; None if it is another handler, as of `with`."""
    for offset in range(target, len(instructions), _UNIT):
        number, argument = instructions[offset : offset + _UNIT]
        if number == _RERAISE:
            return offset if argument <= 1 else None
        if number not in _PASSED:
            return None
    return None


def _raise_again_without(instructions: bytearray, target: int, end: int) -> None:
    for offset in range(target, end, _UNIT):
        if instructions[offset] == _COPY:
            instructions[offset + 1] = 2  # of the exception that is handled, one nearer now
    instructions[end + 1] = 0


def _lined(table: bytes) -> bytes:
    """*table*, with the line of the last handler for the cleanup that it ends in."""
    body = table.rstrip(bytes(range(_NO_LINE, 0x100)))
    return body + b"".join(bytes((_SAME_LINE | each & 7, 0)) for each in table[len(body) :])
