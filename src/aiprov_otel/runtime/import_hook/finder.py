"""The finder: lets others find a module, and asks to see its code when it is loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.import_hook import loader
from aiprov_otel.runtime.import_hook.rules import Plan

PLAN: Final = Plan()
"""What this process is to observe."""


class Finder:
    """Stands first on `sys.meta_path`; what it returns is what the next finder found."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of the module *name*, if a rule covers it and another finder knows it."""
        rule = PLAN.rule_for(name)
        if rule is None or rule.mode == "off":
            return None
        spec = _found_by_another(name, path, target)
        if spec is not None:
            with guard:
                loader.observe(spec, rule)
        return spec


def _found_by_another(
    name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    # Not importlib.util.find_spec: it would import the package, and ask us again.
    for finder in list(sys.meta_path):
        find = None if isinstance(finder, Finder) else getattr(finder, "find_spec", None)
        if find is not None and (spec := find(name, path, target)) is not None:
            found: ModuleSpec = spec
            return found
    return None


_FINDER: Final = Finder()


def attend() -> None:
    """Look at every import from now on."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def leave() -> None:
    """Look at none any more."""
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)
