"""
Where a handler is left, and what it handled stays behind: there, and only there, it is counted.

The counting statements are on the ways out: at the end of a handler, and before each `return`,
`break` and `continue` that leaves one. An exception that leaves it meets nothing of ours. Where
ways meet, code without a line would be of neither, and a tracer would hear of a third: so each
way has its own, on a line that has run, and an `else` that was not there is made for it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from aiprov_otel.runtime.import_hook.templates import PREFIX, placed, statements, unplaced

_RESULT: Final = f"{PREFIX}result"
_NO_LINE: Final = -1
_PASS: Final = unplaced(ast.Pass())
_JUMPS: Final = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_LEFT: Final = """
try:
    {}
except ROW[FULL]:
    pass
"""
"""A stack that is full for another call is why some exceptions are handled."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways out of a list of statements, and how many handlers each of them leaves."""

    returns: int = 0
    breaks: int = 0
    continues: int = 0
    ends: int = 0

    def inside(self) -> Ways:
        """The same where an end leaves nothing."""
        return replace(self, ends=0)

    def in_handler(self) -> Ways:
        """The same out of one more handler."""
        return Ways(self.returns + 1, self.breaks + 1, self.continues + 1, self.ends + 1)


def watch(body: list[ast.stmt], ways: Ways = Ways()) -> None:
    """Count what the handlers in *body* handle for good; what is defined in it has its own."""
    if body:
        inside = ways.inside()
        made = [each for statement in body[:-1] for each in _watched(statement, inside)]
        body[:] = [*made, *_watched(body[-1], ways)]


def _watched(statement: ast.stmt, ways: Ways) -> list[ast.stmt]:
    if isinstance(statement, _JUMPS):
        return _jumping(statement, ways)
    line = _KINDS.get(type(statement), _simple)(statement, ways)
    return [statement] if line is None else [statement, *_left(ways.ends, line)]


def _jumping(statement: Any, ways: Ways) -> list[ast.stmt]:
    if isinstance(statement, ast.Return) and statement.value and ways.returns:
        kept = ast.copy_location(ast.Name(_RESULT, ast.Store()), statement)
        made = ast.copy_location(ast.Assign([kept], statement.value), statement)
        back = unplaced(ast.Return(unplaced(ast.Name(_RESULT, ast.Load()))))
        return [made, *_left(ways.returns, _NO_LINE), back]
    ends = {ast.Return: ways.returns, ast.Break: ways.breaks, ast.Continue: ways.continues}
    return [*_left(ends.get(type(statement), 0), statement.lineno), statement]


# Each rewrites the inside of a statement, and returns the line on which to count at its end, or
# None if that is done.


def _simple(statement: Any, _: Ways) -> int | None:
    # A method is called on the line that names it.
    called = getattr(statement.value, "func", None) if isinstance(statement, ast.Expr) else None
    return int(called.end_lineno if called else statement.lineno)


def _if(statement: Any, ways: Ways) -> int | None:
    watch(statement.body, ways)
    while len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If):
        (statement,) = statement.orelse  # an `elif`, of which there may be hundreds
        watch(statement.body, ways)
    return _else(statement, ways, statement.test.lineno)


def _else(statement: Any, ways: Ways, line: int) -> int | None:
    watch(statement.orelse, ways)
    statement.orelse = statement.orelse or _left(ways.ends, line)
    return None


def _loop(statement: Any, ways: Ways) -> int | None:
    watch(statement.body, Ways(ways.returns, breaks=ways.ends))
    return _else(statement, ways, statement.lineno)


def _with(statement: Any, ways: Ways) -> int | None:
    watch(statement.body, ways.inside())
    return int(statement.lineno)


def _match(statement: Any, ways: Ways) -> int | None:
    for case in statement.cases:
        watch(case.body, ways)
    last = statement.cases[-1]
    if ways.ends and not _takes_all(last):
        body = _left(ways.ends, last.pattern.lineno)
        statement.cases.append(ast.match_case(unplaced(ast.MatchAs()), None, body))
    return None


def _takes_all(case: ast.match_case) -> bool:
    pattern = case.pattern
    while isinstance(pattern, ast.MatchOr | ast.MatchAs):
        inner = pattern.patterns[-1] if isinstance(pattern, ast.MatchOr) else pattern.pattern
        if inner is None:
            return case.guard is None
        pattern = inner
    return False


def _try(statement: Any, ways: Ways) -> int | None:
    around = ways.inside() if statement.finalbody else ways
    watch(statement.body, ways.inside())
    for handler in statement.handlers:
        watch(handler.body, around.in_handler())
    _else(statement, around, statement.body[-1].lineno)
    watch(statement.finalbody, around)
    return statement.finalbody[-1].lineno if statement.finalbody else None


def _try_star(statement: Any, ways: Ways) -> int | None:
    for body in (statement.body, statement.orelse, statement.finalbody):
        watch(body, ways.inside())
    for handler in statement.handlers:  # which nothing but its end and an exception may leave
        watch(handler.body)
        handler.body += _made("SPLIT](ROW)", handler.body[-1].lineno)
    return int((statement.finalbody or [statement])[-1].lineno)


_KINDS: Final[dict[type, Callable[[Any, Ways], int | None]]] = {
    ast.If: _if,
    ast.For: _loop,
    ast.AsyncFor: _loop,
    ast.While: _loop,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Match: _match,
    ast.Try: _try,
    ast.TryStar: _try_star,
}


def _left(handlers: int, line: int) -> list[ast.stmt]:
    """What counts that so many handlers are left, from *line*."""
    return _made(f"SWALLOWED](ROW, {handlers})", line) if handlers else []


def _made(call: str, line: int) -> list[ast.stmt]:
    statement = _parsed(call)
    if line == _NO_LINE:
        return [statement]
    return [placed(statement, line), placed(_PASS, line)]


@lru_cache(100)
def _parsed(call: str) -> ast.stmt:
    (made,) = statements(_LEFT.format(f"ROW[{call}"))
    return made
