"""Abstract classes and protocols: what must be written, and what passes for one."""

import abc
import typing
from collections.abc import Iterable, Mapping, Sized


class Store(abc.ABC):
    @abc.abstractmethod
    def get(self, key): ...

    @property
    @abc.abstractmethod
    def size(self): ...

    @classmethod
    @abc.abstractmethod
    def make(cls):
        """Only said."""

    def both(self, *keys):
        return [self.get(key) for key in keys]


class Half(Store):
    def get(self, key):
        return super().get(key) or key


class Whole(Half):
    size = property(lambda self: 1)

    @classmethod
    def make(cls):
        return super().make() or cls()


class Duck(abc.ABC):
    @classmethod
    def __subclasshook__(cls, other):
        return hasattr(other, "quack") or NotImplemented


class Quacks:
    def quack(self): ...


@typing.runtime_checkable
class Named(typing.Protocol):
    name: str

    def rename(self, name): ...


class Person:
    name = "p"

    def rename(self, name):
        self.name = name


class Pairs(Mapping):
    def __getitem__(self, key):
        return {"a": 1}[key]

    def __iter__(self):
        yield "a"

    def __len__(self):
        return 1


def refused(kind):
    try:
        kind()
    except TypeError as error:
        return str(error)
    return None


def answer():
    pairs = Pairs()
    Sized.register(Person)
    return {
        "refused": [refused(each) for each in (Store, Half, Named)],
        "abstract": [sorted(each.__abstractmethods__) for each in (Store, Half, Whole)],
        "whole": Whole.make().both("a", "b"),
        "empty": (Store.get(None, None), Store.make.__doc__, Store.make.__func__(None)),
        "duck": (issubclass(Quacks, Duck), issubclass(Person, Duck)),
        "named": (isinstance(Person(), Named), isinstance(Quacks(), Named)),
        "registered": isinstance(Person(), Sized),
        "pairs": (dict(pairs), pairs.get("b", 2), "a" in pairs, isinstance(pairs, Iterable)),
    }
