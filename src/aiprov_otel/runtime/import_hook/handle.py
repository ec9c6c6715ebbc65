"""The handle of an installed import hook."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType

from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.import_hook import finder, late_imports, metrics
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.rules import Rule


class ImportHook(AbstractContextManager["ImportHook"]):
    """Rules that apply until `uninstall()`, or until the end of a `with` block."""

    def __init__(
        self, rules: Sequence[Rule], installation: AbstractContextManager[object] | None = None
    ) -> None:
        self._rules = rules
        self._installation = installation

    def uninstall(self) -> None:
        """
        Leaves later imports alone, and undoes what was installed with this hook; twice is fine.

        Modules that were imported meanwhile stay as they were loaded, and report nothing any more.
        """
        finder.PLAN.remove(self._rules)
        REGISTRY.count_only(_is_instrumented)
        if not list(finder.PLAN):
            finder.stop()
        if self._installation:
            self._installation.__exit__(None, None, None)
            self._installation = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.uninstall()


def attach(
    rules: Sequence[Rule], installation: AbstractContextManager[object] | None = None
) -> ImportHook:
    """Applies *rules*; *installation* ends with them."""
    with guard:
        late_imports.report(rules, REGISTRY.modules())
    finder.PLAN.add(rules)
    finder.start()
    if any(rule.rewrites for rule in rules):
        with guard:
            metrics.observe()
    REGISTRY.count_only(_is_instrumented)
    return ImportHook(rules, installation)


def _is_instrumented(module: str) -> bool:
    rule = finder.PLAN.rule_for(module)
    return rule is not None and rule.rewrites
