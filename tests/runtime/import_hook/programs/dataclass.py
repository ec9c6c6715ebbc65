"""Data classes: what they are made of, and what is made for them."""

import dataclasses
import inspect
import pickle
from dataclasses import KW_ONLY, InitVar, dataclass, field


def doubled(value):
    return value * 2


@dataclass(order=True)
class Line:
    name: str
    price: int = 1
    tags: list = field(default_factory=lambda: ["new"])
    factor: InitVar[int] = 1
    _: KW_ONLY
    note: str = field(default="", compare=False)

    def __post_init__(self, factor):
        self.price = doubled(self.price) * factor

    @property
    def total(self):
        return self.price + len(self.tags)


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0

    def moved(self, by):
        return dataclasses.replace(self, x=self.x + by)

    def __str__(self):
        return f"{self.x}/{self.y}"


@dataclass
class Special(Line):
    extra: int = 3

    def __post_init__(self, factor):
        super().__post_init__(factor + 1)


def refused(point):
    try:
        point.x = 9
    except dataclasses.FrozenInstanceError as error:
        return str(error)
    return None


def answer():
    line, point = Line("a", 2, factor=3), Point(1)
    made = dataclasses.make_dataclass("Made", [("x", int)], namespace={"twice": lambda s: s.x * 2})
    return {
        "repr": [repr(each) for each in (line, point, Special("b", note="n"))],
        "order": sorted([Line("b"), Line("a")]) == [Line("a"), Line("b")],
        "total": line.total,
        "fields": [(each.name, each.kw_only) for each in dataclasses.fields(Special)],
        "match": (Line.__match_args__, Point.__match_args__, Point.__slots__),
        "signature": [str(inspect.signature(each)) for each in (Line, Point, Special)],
        "moved": str(point.moved(4)),
        "frozen": refused(point),
        "hash": {point: 1}[Point(1)],
        "plain": dataclasses.asdict(line),
        "pickled": pickle.loads(pickle.dumps([line, point])) == [line, point],
        "made": made(4).twice(),
        "doc": Line.__doc__,
    }
