"""attrs: fields with converters and validators, methods made for them, slots."""

import inspect
import pickle

import attrs
from attrs import Factory, define, field, frozen, validators


def doubled(value):
    return value * 2


@define(order=True)
class Line:
    name: str
    price: int = field(default=1, converter=doubled, validator=validators.instance_of(int))
    tags: list = field(factory=list, repr=False)
    size: int = field(init=False)

    @size.default
    def _size(self):
        return len(self.name)

    @price.validator
    def _cheap(self, attribute, value):
        if value > 100:
            raise ValueError(f"{attribute.name} is high")

    def __attrs_post_init__(self):
        self.tags.append("made")

    def describe(self):
        return f"{__class__.__name__} {self.name}"


@define
class Special(Line):
    note: str = Factory(lambda self: self.name + "!", takes_self=True)

    def describe(self):
        return super().describe() + self.note


@frozen
class Point:
    x: int
    y: int = field(kw_only=True, default=0, eq=lambda y: y % 2)

    def moved(self, by):
        return attrs.evolve(self, x=self.x + by)


@attrs.define(slots=False, field_transformer=lambda cls, fields: [f.evolve(kw_only=True) for f in fields])
class Loose:
    a: int = field(on_setattr=lambda instance, attribute, value: value + 1)


def refused(make):
    try:
        make()
    except (ValueError, TypeError, attrs.exceptions.FrozenInstanceError) as error:
        return type(error).__name__, str(error)


def answer():
    loose = Loose(a=1)
    loose.a = 5
    return {
        "shown": [repr(each) for each in (Line("ab"), Special("c", 2), Point(1), loose)],
        "described": Special("d").describe(),
        "refused": [
            refused(lambda: Line("a", 60)),
            refused(lambda: Line("a", "b")),
            refused(lambda: setattr(Point(1), "x", 2)),
        ],
        "signatures": [str(inspect.signature(each)) for each in (Line, Special, Point, Loose)],
        "plain": (attrs.asdict(Line("e")), Point(1).moved(2), Point(1, y=2) == Point(1, y=4)),
        "pickled": pickle.loads(pickle.dumps(Special("f"))) == Special("f"),
        "slots": (Line.__slots__, hasattr(Line("g"), "__dict__"), sorted([Line("b"), Line("a")])),
        "fields": [each.name for each in attrs.fields(Special)],
    }
