"""The finder: lets other finders find a module, and observes its loader."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.import_hook import loader
from aiprov_otel.runtime.import_hook.manifest_finder import AskingFinder
from aiprov_otel.runtime.import_hook.rules import Plan

PLAN: Final = Plan()
"""The rules of this process."""


class Finder(AskingFinder):
    """The first on `sys.meta_path`; returns the spec of the next finder that has one."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns the spec of the module *name*, if a rule covers it and another finder has one."""
        rule = PLAN.rule_for(name)
        if rule is None or rule.mode == "off":
            return None
        spec = self.find_elsewhere(name, path, target)
        if spec is not None:
            with guard:
                PLAN.use(rule)
                loader.observe(spec, rule)
        return spec


_FINDER: Final = Finder()


def start() -> None:
    """Observe every import from now on."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def stop() -> None:
    """Observe no import any more."""
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)
