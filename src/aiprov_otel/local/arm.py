"""Counts of the calls that share an origin, or a model; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aiprov_otel.local.statistics import wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """
    The units of one origin.

    Attributes:
        origin: of the code.
        functions: how many different ones were called.
        calls: how many spans stand for them.
        errors: how many failures their lines raised.
        error_ratio: errors a call; None without calls, or with more errors than calls.
        low: lower 95 % limit of that, which is the wider the less alike the functions fail.
        high: upper 95 % limit of that, likewise.
        self_p50_ms: median of the time spent in the unit itself, in milliseconds.
        self_p95_ms: its 95th percentile.
    """

    origin: str
    functions: int
    calls: int
    errors: int
    error_ratio: float | None
    low: float | None
    high: float | None
    self_p50_ms: float | None
    self_p95_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelArm(Arm):
    """The units that one *model* wrote with one *agent*; None where that is not known."""

    agent: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors a call, with 95 % limits; None where there is no such ratio."""

    ratio: float | None
    low: float | None
    high: float | None


def rate(errors: int, calls: int, spread: float = 1) -> Rate:
    """
    The error ratio and its 95 % limits; None where there is none.

    Of *spread* calls, one tells something new: more than one where not all were kept, or where
    those of one function fail together.
    """
    limits = wilson(errors / spread, calls / spread)
    return Rate(errors / calls, *limits) if limits else Rate(None, None, None)


def arm(
    origin: str,
    functions: int,
    calls: int,
    errors: int,
    latencies: tuple[float | None, float | None] = (None, None),
    spread: float = 1,
) -> Arm:
    """The arm with these counts, and the median and the 95th percentile of its self time."""
    found = rate(errors, calls, spread)
    return Arm(
        origin=origin,
        functions=functions,
        calls=calls,
        errors=errors,
        error_ratio=found.ratio,
        low=found.low,
        high=found.high,
        self_p50_ms=latencies[0],
        self_p95_ms=latencies[1],
    )


def pooled(origin: str, arms: Iterable[Arm]) -> Arm:
    """*arms* as one, without latencies, which can't be added up."""
    every = list(arms)
    functions = sum(one.functions for one in every)
    calls, errors = sum(one.calls for one in every), sum(one.errors for one in every)
    return arm(origin, functions, calls, errors)


def counted(number: int, noun: str) -> str:
    """`1 call`, `2,000 calls`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
