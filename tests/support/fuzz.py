"""Tries a parser with inputs that are almost valid, and prints the one that it fails at."""

from __future__ import annotations

import base64
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from support.mutation import Mutator

SEED: Final = "aiprov"
_LONGEST: Final = 20.0  # seconds of CPU time for one input of some thousand bytes

Mutate = Callable[[bytes, Sequence[bytes]], bytes]


@dataclass(frozen=True)
class Target:
    """
    A parser under attack.

    Attributes:
        name: names it in the output.
        parse: the parser, and what reads its result.
        inputs: valid inputs.
        refuses: the exceptions by which it refuses an input.
        mutations: what is changed in an input: `bytes`, `json` or `protobuf`.
        mutate: changes one in a way of its own, more often than not.
    """

    name: str
    parse: Callable[[bytes], Any]
    inputs: Sequence[bytes]
    refuses: tuple[type[Exception], ...] = ()
    mutations: tuple[str, ...] = ("bytes",)
    mutate: Callable[[Mutator, bytes], bytes] | None = field(default=None)


def attack(target: Target, *, cases: int | None = None, seconds: float | None = None) -> int:
    """Attacks *target* with so many *cases*, or for so many *seconds*; returns their number."""
    mutator = Mutator(f"{SEED} {target.name}")
    for data in target.inputs:
        _try(target, data, "a valid input", refuses=())
    end = time.monotonic() + (seconds or 0)
    number = 0
    while number < cases if cases is not None else time.monotonic() < end:
        number += 1
        data = mutator.random.choice(target.inputs)
        for _ in range(mutator.random.choice((1, 1, 1, 2, 4))):
            data = _mutated(target, mutator, data)
        _try(target, data, f"case {number}", refuses=target.refuses)
    return number


def _mutated(target: Target, mutator: Mutator, data: bytes) -> bytes:
    if target.mutate and mutator.random.random() < 0.7:
        try:
            return target.mutate(mutator, data)
        except Exception:  # noqa: BLE001 (it was mutated before, and has no such structure now)
            return mutator.change_bytes(data, target.inputs)
    mutate: Mutate = getattr(mutator, f"change_{mutator.random.choice(target.mutations)}")
    return mutate(data, target.inputs)


def _try(target: Target, data: bytes, case: str, refuses: tuple[type[Exception], ...]) -> None:
    try:
        with _cpu_limit(_LONGEST):
            target.parse(data)
    except refuses:
        pass
    except BaseException as error:
        shown = base64.b64encode(data).decode()
        msg = f"{target.name}, {case} of the seed {SEED!r}: {error!r}; input in base64:\n{shown}"
        raise AssertionError(msg) from error


@contextmanager
def _cpu_limit(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in the block after so many *seconds* of CPU time."""

    def end(*_: object) -> None:
        raise TimeoutError(f"it takes more than {seconds:g} seconds of CPU time")

    previous = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)
