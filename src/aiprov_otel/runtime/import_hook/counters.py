"""
The counters of each function: a row, which its code finds by two constants.

    .aiprov["aiprov_5f3a09c2d1e4b786"][17]

The name is a builtin, so it is not in any module. The constants are the key of the module (which
text of which file it is) and the number of the function in it. So code is what its file holds, and
nothing is done for a function before its first call. That call makes the row, in C, which needs no
room on the stack.

Instrumented code adds to its row with plain operators and no call between reading and writing.
Threads of a build with the GIL can't come between these, so no call takes a lock.
"""

from __future__ import annotations

import builtins
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final, TypeAlias

from aiprov_otel.attributes import OTHER
from aiprov_otel.runtime.import_hook.rules import Rule
from aiprov_otel.runtime.resolver import codes

CALLS, TIME, SELF_TIME, ERRORS, OPEN, LEAST, SPANNED, MODULE = range(8)
"""
The fields of a row: calls; seconds, and those without instrumented callees; failed calls of the
whole module, by number of the function and name of the class, so that no class is kept alive; what
opens a call that may have a span; the seconds from which on a call has one; what makes its spans,
once there are any; the `Module`, None where nothing counts. What instrumented code calls comes
after these, as call_table has it.
"""

NAMED: Final = 2_000
"""The limit on functions that metrics name, where rules allow it; the others count as one."""

NAME: Final = ".aiprov"
"""The builtin that instrumented code finds its row by."""

NAMED_ERRORS: Final = 1_000
"""Classes of errors, of each function, that a module names; the others are one per function."""

LAMBDA: Final = "<lambda>"

Row: TypeAlias = list[Any]
Rows: TypeAlias = defaultdict[int, Row]
Prototype: TypeAlias = "Callable[[Module | None], Row]"
"""Makes the row that a function of a module begins with; of None, one that counts nowhere."""


class Module:
    """
    A module that was loaded, and the rows of its functions, by their numbers.

    Attributes:
        name: as it was imported.
        rule: by which it was rewritten.
        rows: those of functions that were called.
        errors: as a row has them.
    """

    def __init__(self, name: str, code: CodeType, rule: Rule, prototype: Prototype) -> None:
        self.name = name
        self.rows: Rows = defaultdict()
        self.errors: dict[tuple[int, str], int] = {}
        self._prototype = prototype
        self.load(code, rule)

    def load(self, code: CodeType, rule: Rule) -> None:
        """Stand for *code*, which is loaded for the first time, or again."""
        self.rule = rule
        self._code = code
        self._codes: list[CodeType] = []
        fresh = self._prototype(self)
        self.rows.default_factory = fresh.copy
        for row in list(self.rows.values()):
            row[OPEN:] = fresh[OPEN:]

    def __iter__(self) -> Iterator[FunctionCounters]:
        return (FunctionCounters(self, *item) for item in list(self.rows.items()))

    def code(self, number: int) -> CodeType:
        """The code of the function of that *number*."""
        self._codes = self._codes or list(codes(self._code))
        return self._codes[number]

    def clear_counts(self) -> None:
        """Begin at zero, in a forked child; in place, for the calls that are running."""
        self.errors.clear()
        for row in list(self.rows.values()):
            row[:ERRORS] = [0, 0.0, 0.0]


@dataclass(frozen=True, slots=True)
class FunctionCounters:
    """A function that was called, and its row."""

    module: Module
    number: int
    row: Row

    @property
    def code(self) -> CodeType:
        """The function, as it runs."""
        return self.module.code(self.number)

    @property
    def qualname(self) -> str:
        """`Cart.total`; of a lambda, the name that it was assigned to."""
        code = self.code
        return str(code.co_consts[-1]) if code.co_name == LAMBDA else code.co_qualname

    @property
    def name(self) -> str:
        """`shop.cart.Cart.total`."""
        return f"{self.module.name}.{self.qualname}"

    @property
    def reported(self) -> str | None:
        """Its name in metrics; None unless the rule names functions."""
        return FUNCTION_NAMES.limit(self.name) if self.module.rule.by_function else None

    @property
    def errors(self) -> Counter[str]:
        """Its failed calls, by the name of the class: `error.type`."""
        errors = dict(self.module.errors).items()
        return Counter(
            {
                name.removeprefix("<class '").removesuffix("'>"): count
                for (number, name), count in errors
                if number == self.number
            }
        )


class BoundedNames:
    """The first *most* names that metrics are given; the others are `_OTHER`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._names: set[str] = set()
        self._lock = threading.Lock()

    def limit(self, name: str) -> str:
        """*name*, or `_OTHER` once there are too many."""
        with self._lock:
            if len(self._names) < self._most:
                self._names.add(name)
        return name if name in self._names else OTHER

    def reset_lock(self) -> None:
        """Forget, in a forked child, that another thread of the parent may have held the lock."""
        self._lock = threading.Lock()


FUNCTION_NAMES: Final = BoundedNames(NAMED)


class _RowsByKey(defaultdict[str, Rows]):
    def __reduce__(self) -> tuple[type[dict[str, Rows]], tuple[()]]:
        # dill sends builtins that a function uses. Code that finds no row counts nowhere.
        return dict, ()


class Registry:
    """
    The modules of this process; one that is loaded again from the same text is the same.

    Attributes:
        rows: by the key of the module; a key that was never loaded has rows that count nowhere.
    """

    def __init__(self, prototype: Prototype) -> None:
        self._prototype = prototype
        self._modules: dict[str, Module] = {}
        self.rows = _RowsByKey(self._uncounted)

    def __iter__(self) -> Iterator[FunctionCounters]:
        return (function for module in list(self._modules.values()) for function in module)

    def load(self, key: str, name: str, code: CodeType, rule: Rule) -> None:
        """Let the functions of *code*, whose first constant is *key*, count from now on."""
        if (module := self._modules.get(key)) is None:
            module = self._modules[key] = Module(name, code, rule, self._prototype)
        else:
            module.load(code, rule)
        self.rows[key] = module.rows
        vars(builtins).setdefault(NAME, self.rows)  # a change costs all code that uses any

    def count_only(self, wanted: Callable[[str], bool]) -> None:
        """Let those modules count whose name is *wanted*; the calls of others count nowhere."""
        for key, module in list(self._modules.items()):
            self.rows[key] = module.rows if wanted(module.name) else self._uncounted()

    def modules(self) -> set[str]:
        """Their names."""
        return {module.name for module in list(self._modules.values())}

    def clear_counts(self) -> None:
        """Begin at zero in a forked child: what the parent counted, the parent reports."""
        for module in self._modules.values():
            module.clear_counts()

    def _uncounted(self) -> Rows:
        return defaultdict(self._prototype(None).copy)
