"""How the spans were sampled, and whether rates can be told from what was kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from aiprov_otel.report import sql
from aiprov_otel.telemetry.otlp import POLICY

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Reader


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
    ((kept, calls),) = reader.query(sql.query("kept"))
    ((by_policy,),) = reader.query(sql.query("chosen_by_policy", policy=POLICY))
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
