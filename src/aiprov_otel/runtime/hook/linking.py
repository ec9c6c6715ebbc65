"""From code as it is kept in a file to code that runs: slots and tools for what stands for them."""

from __future__ import annotations

from types import CodeType
from typing import Any

from aiprov_otel.runtime.hook import templates
from aiprov_otel.runtime.hook.rules import Rule
from aiprov_otel.runtime.hook.slots import SLOTS, Key, Slot
from aiprov_otel.runtime.hook.tools import TOOLS


class Linking:
    """The functions of the module *name*, whose text has the hash *digest*."""

    def __init__(self, name: str, digest: bytes, rule: Rule) -> None:
        self._name = name
        self._digest = digest
        self._rule = rule
        self._seen: set[Key] = set()

    def linked(self, code: CodeType, was: str = "", now: str = "") -> CodeType:
        """*code*, ready to run; its qualified name begins with *now* where it began with *was*."""
        qualname = now + code.co_qualname.removeprefix(was)
        is_lambda = templates.LAMBDA in _marks(code)
        inner = (code.co_qualname, _as_lambda(qualname)) if is_lambda else (was, now)
        slot = self._slot(code) if is_lambda or templates.SLOT in _marks(code) else None
        consts = tuple(self._constant(each, slot, inner) for each in code.co_consts)
        made = code.replace(co_consts=consts, co_qualname=inner[1] if is_lambda else qualname)
        if is_lambda:
            made = made.replace(co_name="<lambda>")
        if slot is not None:
            slot.code = made
            slot.turn(on=True)
        return made

    def _constant(self, constant: Any, slot: Slot | None, renamed: tuple[str, str]) -> Any:
        if isinstance(constant, CodeType):
            return self.linked(constant, *renamed)
        if type(constant) is not tuple or constant[:1] != (templates.MARK,):
            return constant
        return TOOLS if constant == templates.TOOLS else slot

    def _slot(self, code: CodeType) -> Slot:
        key: Key = (code.co_filename, self._digest, code.co_qualname, code.co_firstlineno)
        while key in self._seen:  # two of one name on one line
            key = (*key, "again")
        self._seen.add(key)
        slot = SLOTS.slot(key, self._name, code.co_qualname)
        slot.least = self._rule.least
        return SLOTS.named(slot) if self._rule.by_function else slot


def _marks(code: CodeType) -> list[Any]:
    return [each for each in code.co_consts if type(each) is tuple]


def _as_lambda(qualname: str) -> str:
    head, dot, _ = qualname.rpartition(".")
    return f"{head}{dot}<lambda>"
