"""The lines of a source file that coverage can be about: others show that the file changed."""

from __future__ import annotations

import io
import tokenize
from types import CodeType
from typing import Final

_BLANK: Final = {tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}


def possible_lines(source: bytes) -> frozenset[int] | None:
    """
    The lines of *source* that have bytecode, or where a statement begins.

    A tracer reports the first, a report the second. None if this Python can't compile it.
    """
    lines = _lines(source)
    return lines and lines[0] | lines[1]


def executable_lines(source: bytes) -> frozenset[int] | None:
    """The lines of *source* that have bytecode and where a statement begins; None as above."""
    lines = _lines(source)
    return lines and lines[0] & lines[1]


def _lines(source: bytes) -> tuple[frozenset[int], frozenset[int]] | None:
    """The lines of *source* that have bytecode, and those where a statement begins."""
    try:
        pending = [compile(source, "<measured>", "exec", dont_inherit=True)]
        first = _first_lines(source)
    except (SyntaxError, ValueError, RecursionError, tokenize.TokenError):
        return None
    lines = set[int]()
    while pending:
        code = pending.pop()
        lines |= {line for _, _, line in code.co_lines() if line}
        pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return frozenset(lines), frozenset(first)


def _first_lines(source: bytes) -> set[int]:
    lines, begins = set[int](), True
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.NEWLINE:
            begins = True
        elif begins and token.type not in _BLANK:
            lines.add(token.start[0])
            begins = False
    return lines
