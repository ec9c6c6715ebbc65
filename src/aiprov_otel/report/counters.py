"""What counters can say: errors a call by one label at a time; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from aiprov_otel.format import quantity
from aiprov_otel.values import Origin

CANNOT: Final = (
    "no limits: calls of one function fail together, and counters don't tell functions apart",
    "no ratio within the same routes: what is compared may differ in all but its origin",
    "no self time, no quantile of a call, no commit, no function, no stack trace",
    "an exception counts in each function or span that it fails, and not where it was raised",
)
"""What no series of these carries, each in one sentence."""


@dataclass(frozen=True, slots=True)
class Count:
    """What counters say of one value of a label, or of several labels."""

    key: tuple[str, ...]
    calls: float
    errors: float

    @property
    def error_ratio(self) -> float | None:
        """Errors a call; None without calls."""
        return self.errors / self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class Crude:
    """
    The counts of one metric.

    Attributes:
        metric: its name.
        period: of time that they are about, as Prometheus writes it.
        origins: by origin.
        models: by origin and model.
        services: by service and origin.
        routes: by service, route and origin; empty where the metric has none.
    """

    metric: str
    period: str
    origins: tuple[Count, ...]
    models: tuple[Count, ...]
    services: tuple[Count, ...]
    routes: tuple[Count, ...]

    @property
    def ratio(self) -> float | None:
        """Error ratio of AI-written code over that of the baseline; None where there is none."""
        ai, rest = self._ratio_of(Origin.AI), self._ratio_of(self.baseline)
        return ai / rest if ai is not None and rest else None

    @property
    def baseline(self) -> str:
        """`human`, or `unknown` where no call is known to be of human code."""
        known = any(one.key == (Origin.HUMAN,) and one.calls for one in self.origins)
        return Origin.HUMAN.value if known else Origin.UNKNOWN.value

    @property
    def text(self) -> str:
        """What may be said, with the counts."""
        said = "; ".join(
            f"{one.key[0]}: {quantity(round(one.errors), 'error')} "
            f"in {quantity(round(one.calls), 'call')}"
            for one in self.origins
        )
        if self.ratio is None:
            return f"{said}. Nothing to compare."
        return (
            f"{said}. The crude ratio is {self.ratio:.2g}, ai to {self.baseline}; "
            "it is adjusted for nothing, and no verdict."
        )

    def _ratio_of(self, origin: str) -> float | None:
        return next((one.error_ratio for one in self.origins if one.key == (origin,)), None)

    def to_json(self) -> dict[str, Any]:
        """What `aiprov report --json` prints."""
        return {
            "metric": self.metric,
            "period": self.period,
            "verdict": {
                "exposed": Origin.AI.value,
                "baseline": self.baseline,
                "crude_ratio": self.ratio,
                "adjusted_ratio": None,
                "text": self.text,
            },
            "arms": _rows(("origin",), self.origins),
            "models": _rows(("origin", "model"), self.models),
            "services": _rows(("service", "origin"), self.services),
            "routes": _rows(("service", "route", "origin"), self.routes),
            "cannot": list(CANNOT),
        }


def _rows(names: Sequence[str], counts: Iterable[Count]) -> list[Mapping[str, Any]]:
    return [
        dict(zip(names, (value or None for value in one.key), strict=True))
        | {name: value for name, value in asdict(one).items() if name != "key"}
        | {"error_ratio": one.error_ratio}
        for one in counts
    ]
