"""The report that counters allow: errors per call, by one label at a time; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from aiprov_otel.format import quantity
from aiprov_otel.values import Origin

LIMITATIONS: Final = (
    "no limits: calls of one function fail together, and counters don't distinguish functions",
    "no ratio within the same routes: the two sides may differ in more than their origin",
    "no self time, latency quantiles, commits, functions or stack traces",
    "an exception counts in each function or span that it fails, not only where it was raised",
)
"""What these counters can't tell, a sentence each."""


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """Calls and errors of one value of a label, or of a combination of labels."""

    key: tuple[str, ...]
    calls: float
    errors: float

    @property
    def error_ratio(self) -> float | None:
        """Errors per call; None without calls."""
        return self.errors / self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class MetricCounts:
    """
    The counts of one metric.

    Attributes:
        metric: its name.
        period: the time that they cover, in the notation of Prometheus.
        origins: by origin.
        models: by origin and model.
        services: by service and origin.
        routes: by service, route and origin; empty if the metric has no routes.
    """

    metric: str
    period: str
    origins: tuple[LabelCounts, ...]
    models: tuple[LabelCounts, ...]
    services: tuple[LabelCounts, ...]
    routes: tuple[LabelCounts, ...]

    @property
    def ratio(self) -> float | None:
        """Error ratio of AI-written code over that of the baseline; None if there is none."""
        ai, rest = self._error_ratio(Origin.AI), self._error_ratio(self.baseline)
        return ai / rest if ai is not None and rest else None

    @property
    def baseline(self) -> str:
        """`human`, or `unknown` if no call is known to be of human-written code."""
        human = any(row.key == (Origin.HUMAN,) and row.calls for row in self.origins)
        return Origin.HUMAN.value if human else Origin.UNKNOWN.value

    @property
    def text(self) -> str:
        """The counts and the crude ratio in words."""
        counts = "; ".join(
            f"{row.key[0]}: {quantity(round(row.errors), 'error')} "
            f"in {quantity(round(row.calls), 'call')}"
            for row in self.origins
        )
        if self.ratio is None:
            return f"{counts}. Nothing to compare."
        return (
            f"{counts}. The crude ratio is {self.ratio:.2g}, ai to {self.baseline}; it is not "
            "adjusted for anything, so it is not a verdict."
        )

    def _error_ratio(self, origin: str) -> float | None:
        return next((row.error_ratio for row in self.origins if row.key == (origin,)), None)

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
            "cannot": list(LIMITATIONS),
        }


def _rows(labels: Sequence[str], counts: Iterable[LabelCounts]) -> list[Mapping[str, Any]]:
    return [
        dict(zip(labels, (value or None for value in row.key), strict=True))
        | {name: value for name, value in asdict(row).items() if name != "key"}
        | {"error_ratio": row.error_ratio}
        for row in counts
    ]
