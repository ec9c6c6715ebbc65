"""What is written into a function: a few placed nodes give the same code as all of them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from aiprov_otel.runtime.import_hook import ast_except, templates
from aiprov_otel.runtime.import_hook.ast_rewriter import rewrite
from support.programs import REWRITING

PROGRAMS = sorted(Path(__file__).parent.glob("programs/*.py"))


def compiled(source, mode):
    """The code of *source*, rewritten, with all code in it."""
    tree = ast.parse(source)
    rewrite(tree, source, mode)
    pending, found = [compile(tree, "program.py", "exec", dont_inherit=True)], []
    while pending:
        found.append(pending.pop())
        pending += [each for each in found[-1].co_consts if isinstance(each, type(found[0]))]
    return [
        (code.co_qualname, code.co_code, code.co_exceptiontable, [*code.co_positions()])
        for code in found
    ]


def placed_whole(node, line):
    """A copy of *node* with all that is in it on *line*."""

    def of_field(value):
        if isinstance(value, list):
            return [placed_whole(each, line) for each in value]
        return placed_whole(value, line) if isinstance(value, ast.AST) else value

    fields = {name: of_field(value) for name, value in ast.iter_fields(node)}
    if hasattr(node, "lineno"):
        fields |= {"lineno": line, "end_lineno": line, "col_offset": 0, "end_col_offset": 0}
    return type(node)(**fields)


@pytest.mark.parametrize("mode", REWRITING)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_code_is_that_of_all_nodes_placed(monkeypatch, program, mode):
    """
    Instructions, exception table, and the positions of each instruction.
    """
    source = program.read_bytes()
    ours = compiled(source, mode)
    for module in (templates, ast_except):
        monkeypatch.setattr(module, "placed", placed_whole)

    assert compiled(source, mode) == ours
