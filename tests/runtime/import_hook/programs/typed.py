"""Types: hints, overloads, named tuples, generic classes, annotations that are text."""

from __future__ import annotations

import inspect
import typing
from typing import Annotated, Generic, NamedTuple, TypedDict, TypeVar, overload

T = TypeVar("T")


class Pair(NamedTuple):
    left: int
    right: str = "r"

    def swapped(self) -> Pair:
        return Pair(int(self.right), str(self.left))

    @property
    def both(self):
        return f"{self.left}{self.right}"


class Said(TypedDict, total=False):
    name: str
    pair: Pair


class Box(Generic[T]):
    def __init__(self, item: T) -> None:
        self.item = item

    def mapped(self, how: typing.Callable[[T], T]) -> Box[T]:
        return Box(how(self.item))


@overload
def parsed(text: str) -> int: ...
@overload
def parsed(text: bytes) -> float: ...
def parsed(text):
    return int(text)


@typing.final
class Last:
    @typing.no_type_check
    def odd(self, x: "not a type"):  # noqa: F722
        return x


def annotated(x: Annotated[int, "metres"], *rest: Said, key: list[Pair] | None = None) -> Box[int]:
    def inner(y: T) -> T:
        kept: int = 1
        return y

    return inner


def answer():
    return {
        "pair": (Pair(1, "2").swapped(), Pair(3).both, Pair._fields, Pair._field_defaults),
        "said": (Said.__annotations__, Said.__optional_keys__),
        "box": (Box(2).mapped(lambda x: x + 1).item, Box[int].__origin__.__name__),
        "overloads": [str(inspect.signature(each)) for each in typing.get_overloads(parsed)],
        "parsed": parsed("4"),
        "final": (Last.__final__, Last().odd(1), typing.get_type_hints(Last.odd)),
        "hints": typing.get_type_hints(annotated, include_extras=True),
        "text": (annotated.__annotations__, annotated(1).__annotations__),
        "signature": str(inspect.signature(annotated, eval_str=True)),
    }
