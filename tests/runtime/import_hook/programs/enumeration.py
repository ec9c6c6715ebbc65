"""Enumerations: which names are members, and what members can do."""

import enum
import pickle


class Origin(enum.Enum):
    PERSON = 1
    MODEL = 2
    ALIAS = 2

    describe = lambda self: f"{self.name} {self.value}"

    def __str__(self):
        return self.name.lower()

    @property
    def other(self):
        return Origin(3 - self.value)

    @classmethod
    def _missing_(cls, value):
        return cls.PERSON if value == "human" else None

    @staticmethod
    def count():
        return len(Origin)


class Step(enum.IntFlag, boundary=enum.KEEP):
    READ = enum.auto()
    WRITE = enum.auto()
    BOTH = READ | WRITE

    def allows(self, step):
        return bool(self & step)


class Named(enum.StrEnum):
    @staticmethod
    def _generate_next_value_(name, start, count, last_values):
        return f"{name}-{count}"

    FIRST = enum.auto()
    SECOND = enum.auto()


class Planet(enum.Enum):
    EARTH = (5.9, 6.3)
    MARS = (0.6, 3.4)

    def __init__(self, mass, radius):
        self.mass = mass
        self.radius = radius

    @enum.property
    def density(self):
        return round(self.mass / self.radius, 2)


class Operation(enum.Enum):
    @enum.member
    def ADD(a, b):
        return a + b

    @enum.nonmember
    def helper(a):
        return a

    def __call__(self, *args):
        return self.value(*args)


def wrong():
    try:
        Origin("nobody")
    except ValueError as error:
        return str(error)
    return None


def answer():
    return {
        "members": [list(map(str, each.__members__)) for each in (Origin, Step, Named, Operation)],
        "described": [each.describe() for each in Origin],
        "other": str(Origin.PERSON.other),
        "missing": (Origin("human"), wrong()),
        "count": Origin.count(),
        "flags": [Step.BOTH.allows(Step.READ), Step.READ | 8, list(Step.BOTH)],
        "named": list(map(str, Named)),
        "planets": [each.density for each in Planet],
        "operation": (Operation.ADD(1, 2), Operation.helper(3)),
        "pickled": pickle.loads(pickle.dumps(Origin.MODEL)) is Origin.MODEL,
        "alias": Origin.ALIAS is Origin.MODEL,
    }
