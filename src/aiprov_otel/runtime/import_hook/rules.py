"""Which packages are observed, and how: rules, the most specific of which decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    What is to happen to *package* and the modules below it.

    Attributes:
        package: its dotted name.
        mode: `off` leaves it alone, whatever another rule says of a package above it.
        by_function: whether metrics name each function.
        min_duration: seconds that a call takes at least to have a span, in mode `spans`.
    """

    package: str
    mode: Mode = "annotate"
    by_function: bool = False
    min_duration: float = 0.0

    def __post_init__(self) -> None:
        if not all(part.isidentifier() for part in self.package.split(".")):
            msg = f"{self.package!r} is no name of a package; say it as it is imported, shop.cart"
            raise ValueError(msg)
        if self.mode not in MODES:
            msg = f"mode is {self.mode!r}; use one of {', '.join(MODES)}"
            raise ValueError(msg)
        if not 0 <= self.min_duration < inf:
            msg = f"min_duration is {self.min_duration!r}; say seconds, 0.05 or 0 for every call"
            raise ValueError(msg)

    @property
    def rewrites(self) -> bool:
        """Whether modules are changed as they are loaded."""
        return self.mode in _REWRITING

    @property
    def least(self) -> float | None:
        """Seconds that a call with a span takes; None where there are no spans."""
        return self.min_duration if self.mode == "spans" else None

    def covers(self, name: str) -> bool:
        """Whether the module *name* is the package, or stands below it."""
        return name == self.package or name.startswith(f"{self.package}.")


def rules_of(
    packages: str | Iterable[str],
    mode: Mode,
    *,
    by_function: bool = False,
    min_duration: float = 0.0,
) -> tuple[Rule, ...]:
    """
    A rule for each of *packages*, one name or several.

    Raises:
        ValueError: a name or the mode can't be, or there is no name at all.
    """
    names = [packages] if isinstance(packages, str) else list(packages)
    if not names:
        raise ValueError("no package was named; say which, as in install_import_hook('shop')")
    return tuple(Rule(name, mode, by_function, min_duration) for name in names)


class Plan:
    """The rules of every import hook that is installed."""

    def __init__(self) -> None:
        self._rules: tuple[Rule, ...] = ()

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def add(self, rules: Iterable[Rule]) -> None:
        """Let *rules* count from now on."""
        self._rules = (*self._rules, *rules)

    def remove(self, rules: Iterable[Rule]) -> None:
        """Forget *rules*: the very same, not others that say the same."""
        gone = set(map(id, rules))
        self._rules = tuple(rule for rule in self._rules if id(rule) not in gone)

    def rule_for(self, name: str) -> Rule | None:
        """What is said of the module *name*: of the nearest package, and there the last word."""
        found = [rule for rule in self._rules if rule.covers(name)]
        return max(reversed(found), key=lambda rule: len(rule.package), default=None)


def rules_said(text: str) -> tuple[Rule, ...]:
    """
    The rules in *text*, `shop,shop.legacy=off`; a warning tells of what can't be one.

    Raises:
        ValueError: there is such a thing, and `AIPROV_STRICT` is set.
    """
    return tuple(filter(None, (_said(each.strip()) for each in text.split(",") if each.strip())))


def _said(text: str) -> Rule | None:
    package, _, mode = text.partition("=")
    try:
        return Rule(package.strip(), cast("Mode", mode.strip() or "annotate"))
    except ValueError as error:
        if settings.read().strict:
            raise
        whose = "AIPROV_PACKAGES or `packages` of the policy"
        warn("package-wrong", f"{whose} says {text!r}, which is left out: {error}")
        return None
