"""The limits of `[tool.aiprov.review]`, and whether a change keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from aiprov_otel.errors import UsageError


@dataclass(frozen=True, slots=True)
class Gate:
    """The *limit* that the policy sets under *key*, and the *value* of a change."""

    key: str
    limit: float
    value: float

    @property
    def passed(self) -> bool:
        """Whether the value is within the limit."""
        return self.value <= self.limit

    def to_json(self) -> dict[str, Any]:
        """The gate as JSON values."""
        return {**asdict(self), "passed": self.passed}


_NEEDED: Final = {
    "max_untested_ai": "--coverage FILE",
    "max_failing": "--from SOURCE, or a local store",
}


def check(limits: Mapping[str, float], figures: Mapping[str, float | None]) -> tuple[Gate, ...]:
    """
    Each of the *limits* with its value among the *figures* of a change, in their order.

    Raises:
        UsageError: the figure that a limit is about is None, so that it can't be checked.
    """
    gates = []
    for key, value in figures.items():
        if key not in limits:
            continue
        if value is None:
            msg = f"{key} of [tool.aiprov.review] can't be checked without {_NEEDED[key]}"
            raise UsageError(msg)
        gates.append(Gate(key, limits[key], value))
    return tuple(gates)
