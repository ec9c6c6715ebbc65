"""Rules: which packages the import hook observes, and how. The most specific one decides."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, cast

from aiprov_otel import settings
from aiprov_otel.runtime.guard import warn
from aiprov_otel.settings import MODES, Mode

_REWRITING: Final = {"metrics", "spans", "count"}


@dataclass(frozen=True, slots=True)
class Rule:
    """
    What the hook does with *package* and the modules below it.

    Attributes:
        package: its dotted name.
        mode: `off` leaves it alone, despite the rule of a package above it.
        by_function: whether metrics name each function.
        min_duration: in mode `spans`, the seconds from which on a call has a span.
    """

    package: str
    mode: Mode = "annotate"
    by_function: bool = False
    min_duration: float = 0.0

    def __post_init__(self) -> None:
        if not all(part.isidentifier() for part in self.package.split(".")):
            msg = (
                f"{self.package!r} is not a valid package name; write it as in an import: shop.cart"
            )
            raise ValueError(msg)
        if self.mode not in MODES:
            msg = f"mode is {self.mode!r}; use one of {', '.join(MODES)}"
            raise ValueError(msg)
        if not 0 <= self.min_duration < inf:
            msg = f"min_duration is {self.min_duration!r}; give seconds: 0.05, or 0 for every call"
            raise ValueError(msg)

    @property
    def rewrites(self) -> bool:
        """Whether modules are rewritten as they are loaded."""
        return self.mode in _REWRITING

    @property
    def least(self) -> float | None:
        """The seconds from which on a call has a span; None where there are no spans."""
        return self.min_duration if self.mode == "spans" else None

    def covers(self, name: str) -> bool:
        """Whether the module *name* is the package, or is below it."""
        return name == self.package or name.startswith(f"{self.package}.")


def make_rules(
    packages: str | Iterable[str],
    mode: Mode,
    *,
    by_function: bool = False,
    min_duration: float = 0.0,
) -> tuple[Rule, ...]:
    """
    Returns a rule for each of *packages*, one name or several.

    Raises:
        ValueError: a name or the mode is not valid, or there is no name at all.
    """
    names = [packages] if isinstance(packages, str) else list(packages)
    if not names:
        raise ValueError("no package was named; name one, as in install_import_hook('shop')")
    return tuple(Rule(name, mode, by_function, min_duration) for name in names)


class Plan:
    """
    The rules of every import hook that is installed.

    Attributes:
        on_use: called with each package of a rule when its first module is met.
    """

    def __init__(self) -> None:
        self._rules: tuple[Rule, ...] = ()
        self._used: dict[str, None] = {}
        self.on_use: Callable[[str], None] = lambda _: None

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def add(self, rules: Sequence[Rule]) -> None:
        """Apply *rules* from now on."""
        self._rules = (*self._rules, *rules)
        loaded = list(sys.modules)
        for rule in rules:
            if any(map(rule.covers, loaded)):
                self.use(rule)

    def use(self, rule: Rule) -> None:
        """Note that a module of *rule* is there; `on_use` is called with its package, once."""
        if rule.package not in self._used:
            self._used[rule.package] = None
            self.on_use(rule.package)

    def to_json(self) -> dict[str, list[str]]:
        """The packages that rules are for, and those of which a module was imported."""
        named = dict.fromkeys(rule.package for rule in self._rules if rule.mode != "off")
        return {"named": [*named], "used": [*self._used]}

    def remove(self, rules: Iterable[Rule]) -> None:
        """Remove *rules*: these very objects, not equal ones."""
        removed = set(map(id, rules))
        self._rules = tuple(rule for rule in self._rules if id(rule) not in removed)

    def rule_for(self, name: str) -> Rule | None:
        """Returns the rule for the module *name*: the last one of the nearest package."""
        rules = [rule for rule in self._rules if rule.covers(name)]
        return max(reversed(rules), key=lambda rule: len(rule.package), default=None)


def parse_rules(text: str) -> tuple[Rule, ...]:
    """
    Returns the rules in *text*, `shop,shop.legacy=off`. Logs a warning for invalid ones.

    Raises:
        ValueError: one is not valid, and `AIPROV_STRICT` is set.
    """
    return tuple(
        filter(None, (_parse_rule(item.strip()) for item in text.split(",") if item.strip()))
    )


def _parse_rule(text: str) -> Rule | None:
    package, _, mode = text.partition("=")
    try:
        return Rule(package.strip(), cast("Mode", mode.strip() or "annotate"))
    except ValueError as error:
        if settings.read().strict:
            raise
        place = "AIPROV_PACKAGES or `packages` of the policy"
        warn("package-wrong", f"{place} has {text!r}, which is ignored: {error}")
        return None
