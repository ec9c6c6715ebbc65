"""
How much a span stands for, where not all were kept.

A span whose trace state carries a sampling threshold (`ot=th:…`) stands for as many as its sampler
passed over, and itself: with the threshold T, of 2^56 possible values, for 2^56 / (2^56 - T).

Source: OpenTelemetry specification, "TraceState: Probability Sampling", whose `th` has up to
fourteen hexadecimal digits, without the zeros at their end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from aiprov_otel.telemetry.otlp import POLICY

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Reader

_PATTERN: Final = "(?:^|[, ])ot=(?:[^,]*;)?th:([0-9a-f]{{1,14}})(?:[;, ]|$)"
_VALUES: Final = 2**56

WEIGHTS: Final = f"""
    regexpExtract(TraceState, '{_PATTERN}', 1) AS Threshold,
    CASE WHEN Threshold = '' THEN 1.0
        ELSE {_VALUES} / ({_VALUES} - hexadecimal(Threshold)) END AS Weight
"""
"""Columns: how many spans a row of `otel_traces` stands for. Goes through `str.format`."""

COUNT: Final = "CAST(coalesce(round(sum(Weight)), 0) AS BIGINT)"
"""How many there were, from those that were kept."""

SPREAD: Final = "sum(Weight * Weight) / sum(Weight)"
"""
How many there were for each that tells something new.

Source: L. Kish, "Survey Sampling" (1965), section 11.7: the effective size of a weighted sample.
"""

_KEPT: Final = "SELECT count(*), sum(Weight) FROM units"
_BY_POLICY: Final = f"""
SELECT count(*) FROM spans WHERE nullif(SpanAttributes['{POLICY}'], '') IS NOT NULL
"""


class Sampled(StrEnum):
    """How the spans were chosen, where somebody says so."""

    NOT = "no"
    EVENLY = "evenly"
    FAILURES = "failures"


@dataclass(frozen=True, slots=True)
class Sampling:
    """
    What is known of how the spans were chosen.

    Attributes:
        stands_for: how many calls one that was kept stands for, on average.
        refused: why there can be no verdict; None if there can.
    """

    stands_for: float
    refused: str | None


def sampling(reader: Reader, said: Sampled | None) -> Sampling:
    """
    What the prepared tables of *reader* tell, and what somebody *said*, which comes first.

    Raises:
        StoreError: the source can't be asked.
    """
    ((kept, calls),) = reader.query(_KEPT)
    ((by_policy,),) = reader.query(_BY_POLICY)
    return Sampling(calls / kept if kept else 1.0, _why_refused(said, by_policy))


def _why_refused(said: Sampled | None, by_policy: int) -> str | None:
    if said is Sampled.FAILURES:
        return (
            "No verdict: failures were kept and successes were not, so error rates can't be told "
            "from what was kept. Use metrics, or a store that everything is sent to."
        )
    if by_policy and said is None:
        return (
            "No verdict: these traces were chosen by the Collector's tail sampling, which as a "
            "rule keeps failures. If it keeps all kinds alike, say `--sampled evenly`."
        )
    return None
