"""Modules that were imported before the hook, and a line that imported them."""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from types import FrameType, ModuleType
from typing import Final

from aiprov_otel.runtime import libraries
from aiprov_otel.runtime.guard import warn
from aiprov_otel.runtime.import_hook.rules import Rule

_OURS: Final = "aiprov_otel."
_ANNOTATED: Final = "their files on disk are taken for what they run"
_REWRITTEN: Final = "their functions are not counted"


def report(rules: Sequence[Rule], rewritten: Collection[str]) -> None:
    """Log one warning that names the modules of *rules* imported too early, but for *rewritten*."""
    names = sorted(set(sys.modules).difference(rewritten))
    early = [(name, rule) for name in names for rule in rules if rule.covers(name)]
    early = [(name, rule) for name, rule in early if rule.mode != "off"]
    if not early:
        return
    names, rule = [name for name, _ in early], early[0][1]
    warn(
        "imported-before-hook",
        f"{_counted(names)} imported before the import hook, {_where(rule.package)}, so "
        f"{_REWRITTEN if rule.rewrites else _ANNOTATED}: call "
        f"install_import_hook({rule.package!r}) above that line, or set "
        f"AIPROV_PACKAGES={rule.package} and start with opentelemetry-instrument",
        about=tuple(names),
    )


def _counted(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    more = len(names) - 3
    return f"{shown} and {more} more were" if more > 0 else f"{shown} {_were(len(names))}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _where(package: str) -> str:
    imports = re.compile(rf"\s*(?:from\s+{package}\b|import\s+(?:.*[\s,])?{package}\b)")
    for filename, end in _candidates(package):
        for number, line in enumerate(linecache.getlines(filename)[:end], 1):
            if imports.match(line):
                return f"at {filename}:{number}"
    return "by an unknown line"


def _candidates(package: str) -> Iterator[tuple[str, int | None]]:
    """Yields files that may have imported it: of what runs now, then of other modules."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 (as in `walk`)
    while frame is not None:
        if not str(frame.f_globals.get("__name__")).startswith(_OURS):
            yield frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    for name, module in list(sys.modules.items()):
        if not Rule(package).covers(name) and (filename := _file_of(module)):
            yield filename, None


def _file_of(module: object) -> str | None:
    """Returns the file of *module*, if it may be the application's."""
    if not isinstance(module, ModuleType):
        return None  # sys.modules may hold anything
    filename = object.__getattribute__(module, "__dict__").get("__file__")
    if (
        not isinstance(filename, str)
        or libraries.is_stdlib(filename)
        or libraries.is_library(filename)
    ):
        return None
    return filename
