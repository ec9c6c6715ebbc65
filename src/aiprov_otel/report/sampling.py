"""How the spans were sampled, and whether error rates can be computed from those kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from aiprov_otel.report import sql
from aiprov_otel.telemetry.otlp import POLICY

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Reader


class Sampled(StrEnum):
    """How the spans were chosen, if the user states it."""

    NOT = "no"
    EVENLY = "evenly"
    FAILURES = "failures"


@dataclass(frozen=True, slots=True)
class Sampling:
    """
    What is known about how the spans were chosen.

    Attributes:
        stands_for: how many calls each kept span stands for, on average.
        refusal: why there can be no verdict; None if there can.
    """

    stands_for: float
    refusal: str | None


def detect_sampling(reader: Reader, stated: Sampled | None) -> Sampling:
    """
    Reads the sampling from the tables of *reader*; what the user *stated* comes first.

    Raises:
        StoreError: the source can't be queried.
    """
    ((kept, calls),) = reader.query(sql.query("kept"))
    ((by_policy,),) = reader.query(sql.query("chosen_by_policy", policy=POLICY))
    return Sampling(calls / kept if kept else 1.0, _refusal(stated, by_policy))


def _refusal(stated: Sampled | None, by_policy: int) -> str | None:
    if stated is Sampled.FAILURES:
        return (
            "No verdict: failures were kept and successes were not, so error rates can't be "
            "computed. Use metrics, or a store that receives all spans."
        )
    if by_policy and stated is None:
        return (
            "No verdict: these traces were chosen by the Collector's tail sampling, which usually "
            "keeps failures. If it keeps all kinds of traces alike, use `--sampled evenly`."
        )
    return None
