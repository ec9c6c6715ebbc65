"""
From code as it is kept in a file to code that runs: slots and tools for what stands for them.

Every start goes through every function of a package here, so it is written for speed.
"""

from __future__ import annotations

from types import CodeType
from typing import Any, Final

from aiprov_otel.runtime.hook.rules import Rule
from aiprov_otel.runtime.hook.slots import SLOTS, Key, Slot
from aiprov_otel.runtime.hook.templates import LAMBDA, MARK
from aiprov_otel.runtime.hook.templates import TOOLS as TOOLS_MARK
from aiprov_otel.runtime.hook.tools import TOOLS

_LAMBDA: Final = "<lambda>"


class Linking:
    """The functions of the module *name*, whose text has the hash *digest*."""

    def __init__(self, name: str, digest: bytes, rule: Rule) -> None:
        self._name = name
        self._digest = digest
        self._rule = rule
        self._seen: set[Key] = set()

    def linked(self, code: CodeType, was: str = "", now: str = "") -> CodeType:
        """*code*, ready to run; its qualified name begins with *now* where it began with *was*."""
        slot, consts, changed = None, list(code.co_consts), bool(was)
        name, qualname = code.co_name, now + code.co_qualname.removeprefix(was)
        for index, constant in enumerate(consts):
            if type(constant) is tuple and constant and constant[0] == MARK:
                changed = True
                if constant == TOOLS_MARK:
                    consts[index] = TOOLS
                else:
                    consts[index] = slot = self._slot(code)
                if constant == LAMBDA:
                    was, now = code.co_qualname, _as_lambda(qualname)
                    name, qualname = _LAMBDA, now
        for index, constant in enumerate(consts):
            if type(constant) is CodeType:
                consts[index] = linked = self.linked(constant, was, now)
                changed = changed or linked is not constant
        if not changed:
            return code
        made = _replaced(code, consts, name, qualname)
        if slot is not None:
            slot.runs(made)
        return made

    def _slot(self, code: CodeType) -> Slot:
        key: Key = (code.co_filename, self._digest, code.co_qualname, code.co_firstlineno)
        while key in self._seen:  # two of one name on one line
            key = (*key, "again")
        self._seen.add(key)
        slot = SLOTS.slot(key, self._name, code.co_qualname)
        slot.least = self._rule.least
        return SLOTS.named(slot) if self._rule.by_function else slot


def _replaced(code: CodeType, consts: list[Any], name: str, qualname: str) -> CodeType:
    if qualname == code.co_qualname:
        return code.replace(co_consts=tuple(consts))
    return code.replace(co_consts=tuple(consts), co_name=name, co_qualname=qualname)


def _as_lambda(qualname: str) -> str:
    head, dot, _ = qualname.rpartition(".")
    return f"{head}{dot}{_LAMBDA}"
