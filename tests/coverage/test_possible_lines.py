from __future__ import annotations

from pathlib import Path

import pytest

import aiprov_otel
from aiprov_otel.coverage.possible_lines import possible_lines

SOURCE = b'''\
"""A module."""
import os  # 2


@staticmethod
def total(cart):
    # no code
    return sum(
        cart.values(),
    )

'''


def test_lines_with_bytecode_and_first_lines_of_statements():
    """
    Decorators, definitions and every line of a statement with bytecode are possible; blank lines
    and comments are not.
    """
    lines = possible_lines(SOURCE)

    assert {1, 2, 5, 6, 8, 9} <= lines
    assert not lines & {3, 4, 7, 11}


@pytest.mark.parametrize("source", [b"def", b"\\0", b"(" * 500, b"if a:\n  b\n c\n"])
def test_what_is_not_python_has_no_answer(source):
    """
    A file that this Python can't compile is not taken for a changed one.
    """
    assert possible_lines(source) is None


def test_every_statement_of_coverage_is_possible():
    """
    What coverage.py calls a statement is possible, in every module of ours.
    """
    from coverage.parser import PythonParser

    for path in Path(aiprov_otel.__file__).parent.glob("[chm]*/*.py"):
        parser = PythonParser(filename=str(path))
        parser.parse_source()
        assert parser.statements <= possible_lines(path.read_bytes()), path
