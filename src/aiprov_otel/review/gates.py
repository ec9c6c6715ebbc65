"""The limits of `[tool.aiprov.review]`, and whether a change keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.errors import UsageError

if TYPE_CHECKING:
    from aiprov_otel.review.review import Review


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


_VALUES: Final[Mapping[str, Callable[[Review], float | None]]] = {
    "max_untested_ai": lambda review: review.untested.share if review.untested else None,
    "max_unknown": lambda review: review.share(review.unknown),
    "max_weak": lambda review: review.share(review.weak),
    "max_failing": lambda review: None if review.failing is None else len(review.failing),
    "max_replaced_repairs": lambda review: review.replacing,
}
_NEEDED: Final = {
    "max_untested_ai": "--coverage FILE",
    "max_failing": "--from SOURCE, or a local store",
}


def check(limits: Mapping[str, float], review: Review) -> tuple[Gate, ...]:
    """
    Each of the *limits* with its value in *review*, in the order of the reference.

    Raises:
        UsageError: the review lacks what a limit is about, so that it can't be checked.
    """
    gates = []
    for key, value_of in _VALUES.items():
        if key not in limits:
            continue
        value = value_of(review)
        if value is None:
            msg = f"{key} of [tool.aiprov.review] can't be checked without {_NEEDED[key]}"
            raise UsageError(msg)
        gates.append(Gate(key, limits[key], value))
    return tuple(gates)
