"""The handle of an installed import hook."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import Final

from aiprov_otel import settings
from aiprov_otel.runtime.guard import call_guard, guard, warn
from aiprov_otel.runtime.import_hook import finder, late_imports, metrics
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.rules import Rule

_TESTED: Final = {(3, 11), (3, 12), (3, 13)}
"""Versions of CPython, with the GIL, on which rewritten code was tested."""


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
    if (reason := _why_not_rewritten(rules)) is not None:
        warn("python-untested", reason)
        rules = [replace(rule, mode="annotate") if rule.rewrites else rule for rule in rules]
    with guard:
        late_imports.report(rules, REGISTRY.modules())
    finder.PLAN.add(rules)
    finder.start()
    if any(rule.rewrites for rule in rules):
        with call_guard:
            metrics.observe()
    REGISTRY.count_only(_is_instrumented)
    return ImportHook(rules, installation)


def _why_not_rewritten(rules: Sequence[Rule]) -> str | None:
    """Returns why no module is rewritten, and the way to insist; None if modules may be."""
    mode = next((rule.mode for rule in rules if rule.rewrites), None)
    if mode is None or settings.read().untested_python:
        return None
    version = sys.version_info[:2]
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    if version in _TESTED and sys.implementation.name == "cpython" and not free_threaded:
        return None
    name = "{}.{}".format(*version) + (" without the GIL" if free_threaded else "")
    return (
        f"mode {mode!r} has not been tested on {sys.implementation.name} {name}, so modules are "
        "only annotated; set AIPROV_UNTESTED_PYTHON=true to rewrite them anyway"
    )


def _is_instrumented(module: str) -> bool:
    rule = finder.PLAN.rule_for(module)
    return rule is not None and rule.rewrites
