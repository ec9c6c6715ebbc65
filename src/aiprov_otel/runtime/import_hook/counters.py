"""
What is counted about each function: a list, which its code finds by two constants of its own.

    .aiprov["aiprov_5f3a09c2d1e4b786"][17]

The name is one of Python's built-in ones, so it stands in no module; the constants are which text
of which file it is, and which function in it. So code is what its file holds, and nothing is done
for a function before its first call, which makes the list, in C, where there is no room on the
stack needed.

Instrumented code adds to its list with plain operators and no call between reading and writing,
which threads of a build with the GIL can't come between; so there is no lock on any call.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from operator import not_
from types import CodeType
from typing import Any, Final, TypeAlias

from aiprov_otel.attributes import OTHER
from aiprov_otel.runtime.import_hook.rules import Rule
from aiprov_otel.runtime.resolver import codes

CALLS, TIME, SELF_TIME, ERRORS, OPEN, LEAST, SPANNED, MODULE = range(8)
"""
Where in a list they stand: calls; seconds, and those without what was called; calls that failed,
of the whole module, by number of the function and class; what opens a call that may have a span,
the seconds from which on a call earns them, and what makes them, once it has; the `Module`, None
where nothing counts. After that come the tools.
"""

NAME: Final = ".aiprov"
NAMED: Final = 2_000
"""Functions that metrics name, where they are asked to; the others are one."""

LAMBDA: Final = "<lambda>"

Counts: TypeAlias = list[Any]
Functions: TypeAlias = defaultdict[int, Counts]


def counts_of(module: Module | None) -> Counts:
    """What a function of *module* begins with; None is for one that counts nowhere."""
    from aiprov_otel.runtime.import_hook.call_table import TOOLS  # which need slots

    if module is None:
        return [0, 0.0, 0.0, {}, not_, inf, None, None, *TOOLS]
    least = module.rule.least
    # Where no call may have a span, what is there anyway says no, in C.
    opens = _opener() if least == 0 else not_
    return [
        0,
        0.0,
        0.0,
        module.errors,
        opens,
        inf if least is None else least,
        None,
        module,
        *TOOLS,
    ]


def _opener() -> Any:
    from aiprov_otel.runtime.import_hook.call_spans import opened  # which needs slots

    return opened


class Module:
    """
    A module that was loaded, and the lists of its functions, by their numbers.

    Attributes:
        name: as it was imported.
        rule: by which it was rewritten.
        functions: those that were called.
        errors: as a list has them.
    """

    def __init__(self, name: str, code: CodeType, rule: Rule) -> None:
        self.name = name
        self.functions: Functions = defaultdict()
        self.errors: dict[tuple[int, type[BaseException]], int] = {}
        self.loaded(code, rule)

    def loaded(self, code: CodeType, rule: Rule) -> None:
        """Stand for *code*, which is loaded for the first time, or again."""
        self.rule = rule
        self._code = code
        self._codes: list[CodeType] = []
        fresh = counts_of(self)
        self.functions.default_factory = fresh.copy
        for counts in list(self.functions.values()):
            counts[OPEN:] = fresh[OPEN:]

    def __iter__(self) -> Iterator[Slot]:
        return (Slot(self, *each) for each in list(self.functions.items()))

    def code(self, number: int) -> CodeType:
        """The code of the function of that *number*."""
        self._codes = self._codes or list(codes(self._code))
        return self._codes[number]

    def clear_counts(self) -> None:
        """Begin at zero, in a forked child; in place, for the calls that are going on."""
        self.errors.clear()
        for counts in list(self.functions.values()):
            counts[:ERRORS] = [0, 0.0, 0.0]


@dataclass(frozen=True, slots=True)
class Slot:
    """A function that was called, and its list."""

    module: Module
    number: int
    counts: Counts

    @property
    def code(self) -> CodeType:
        """The function, as it runs."""
        return self.module.code(self.number)

    @property
    def qualname(self) -> str:
        """`Cart.total`; of a lambda, the name that it was given."""
        code = self.code
        return str(code.co_consts[-1]) if code.co_name == LAMBDA else code.co_qualname

    @property
    def name(self) -> str:
        """The same with the module before it."""
        return f"{self.module.name}.{self.qualname}"

    @property
    def reported(self) -> str | None:
        """What metrics call it; None unless they were asked to name functions."""
        return SLOTS.named(self.name) if self.module.rule.by_function else None

    @property
    def errors(self) -> Counter[type[BaseException]]:
        """Its calls that failed, by class."""
        known = dict(self.module.errors).items()
        return Counter({kind: number for (own, kind), number in known if own == self.number})


class Slots:
    """The modules of this process; one that is loaded again from the same text is the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._modules: dict[str, Module] = {}
        self._names: set[str] = set()
        self.found: defaultdict[str, Functions] = defaultdict(nowhere)

    def __iter__(self) -> Iterator[Slot]:
        return (slot for module in list(self._modules.values()) for slot in module)

    def load(self, key: str, name: str, code: CodeType, rule: Rule) -> None:
        """Let the functions of *code*, whose first constant is *key*, count from now on."""
        if (module := self._modules.get(key)) is None:
            module = self._modules[key] = Module(name, code, rule)
        else:
            module.loaded(code, rule)
        self.found[key] = module.functions
        vars(builtins).setdefault(NAME, self.found)  # a change costs all code that uses any

    def named(self, name: str) -> str:
        """What metrics call the function *name*: the first 2,000 are named, the others are one."""
        with self._lock:
            if len(self._names) < NAMED:
                self._names.add(name)
        return name if name in self._names else OTHER

    def turn(self, wanted: Callable[[str], bool]) -> None:
        """Let those modules count whose name is *wanted*; the calls of others count nowhere."""
        for key, module in list(self._modules.items()):
            self.found[key] = module.functions if wanted(module.name) else nowhere()

    def modules(self) -> set[str]:
        """Their names."""
        return {module.name for module in list(self._modules.values())}

    def forked(self) -> None:
        """What the parent counted, the parent reports."""
        self._lock = threading.Lock()
        for module in self._modules.values():
            module.clear_counts()


def nowhere() -> Functions:
    """Lists that nobody reads."""
    return defaultdict(counts_of(None).copy)


SLOTS: Final = Slots()


@atexit.register
def _outlast() -> None:
    """Be there for the last finalizers: before these, Python puts back its first built-in names."""
    for names in gc.get_referrers(builtins.__build_class__):
        if type(names) is dict and names.get("__name__") == builtins.__name__:
            names.setdefault(NAME, SLOTS.found)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SLOTS.forked)
