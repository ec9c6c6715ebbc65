"""Classes: `super()`, `__class__`, descriptors, metaclasses, operators, names that are private."""

import inspect
from functools import partialmethod, singledispatchmethod, total_ordering


class Base:
    made = []

    def __init_subclass__(cls, tag=None, **rest):
        super().__init_subclass__(**rest)
        cls.tag = tag
        Base.made.append(cls.__name__)

    def __new__(cls, *args):
        self = super().__new__(cls)
        self.given = args
        return self

    def hello(self):
        return ["base"]

    async def later(self):
        return ["base"]

    def each(self):
        yield "base"


class Left(Base, tag="left"):
    def hello(self):
        return ["left", *super().hello()]

    async def later(self):
        return ["left", *await super().later()]

    def each(self):
        yield "left"
        yield from super().each()


class Right(Base):
    def hello(self):
        def inner():
            return super(Right, self).hello() + [__class__.__name__]

        return ["right", *inner(), *[__class__.tag for _ in range(1)]]

    def each(self):
        yield __class__.__name__
        yield from super().each()


class Both(Left, Right, tag="both"):
    def __init__(self, *args):
        super().__init__()
        self.__secret = len(args)

    def secret(self):
        return self.__secret, [name for name in vars(self) if "secret" in name]

    @classmethod
    def build(cls, *args):
        return cls(*args)

    @staticmethod
    def shout(text):
        return text.upper()


class Typed:
    def __set_name__(self, owner, name):
        self.name = f"_{name}"

    def __get__(self, instance, owner):
        return self if instance is None else getattr(instance, self.name, 0)

    def __set__(self, instance, value):
        setattr(instance, self.name, int(value))


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases, **options):
        return {"prepared": True}

    def __new__(mcs, name, bases, namespace, **options):
        made = super().__new__(mcs, name, bases, dict(namespace))
        made.names = [each for each in namespace if not each.startswith("__")]
        return made

    def __init__(cls, name, bases, namespace, **options):
        super().__init__(name, bases, namespace)
        cls.options = options

    def __call__(cls, *args):
        return super().__call__(*args), "called"

    def __len__(cls):
        return 7


@total_ordering
class Amount(metaclass=Meta, unit="kg"):
    __slots__ = ("_value",)
    value = Typed()

    def __init__(self, value=0):
        self.value = value

    def __eq__(self, other):
        return self.value == other.value

    def __lt__(self, other):
        return self.value < other.value

    def __hash__(self):
        return hash(self.value)

    def __add__(self, other):
        return self.value + other.value

    def __getattr__(self, name):
        raise AttributeError(f"no {name}")

    def __class_getitem__(cls, item):
        return f"{cls.__name__} of {item}"

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        return raised[0] is KeyError

    def scaled(self, by):
        return self.value * by

    double = partialmethod(scaled, 2)

    @singledispatchmethod
    def shown(self, thing):
        return "thing"

    @shown.register
    def _(self, thing: int):
        return "int"

    @property
    def label(self):
        """What it is called."""
        return f"{self.value}"

    @label.setter
    def label(self, text):
        self.value = text

    @label.deleter
    def label(self):
        self.value = 0


def awaited(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def of_amounts():
    (one, called), (two, _) = Amount(1), Amount(2)
    with one:
        raise KeyError
    one.label = "5"
    before = one.label
    del one.label
    try:
        one.missing
    except AttributeError as error:
        missing = str(error)
    return {
        "called": (called, len(Amount), Amount.options, Amount.names, Amount.prepared),
        "label": (before, one.label, Amount.label.__doc__, missing),
        "compared": (one < two, one >= two, sorted([two, one])[0] is one, one + two),
        "others": (two.double(), two.shown(1), two.shown(""), Amount[int], {two: 1}[two]),
    }


def answer():
    both = Both.build(1, 2)
    kinds = {each.name: each.kind for each in inspect.classify_class_attrs(Both)}
    return {
        "hello": both.hello(),
        "later": awaited(both.later()),
        "each": list(both.each()),
        "made": (Base.made, Both.tag, both.given, both.secret(), Both.shout("a")),
        "unbound": Both.hello.__qualname__,
        "kinds": {name: kinds[name] for name in ("hello", "build", "shout", "tag")},
        "amounts": of_amounts(),
    }
