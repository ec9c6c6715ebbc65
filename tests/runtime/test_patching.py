"""Methods replaced and put back."""

from __future__ import annotations

from aiprov_otel.runtime.patching import Patches


class Base:
    def method(self):
        return "base"


class Derived(Base):
    pass


def louder(original):
    """Around *original*."""
    return lambda self: original(self) + "!"


def test_what_was_replaced_is_put_back():
    """
    An own method is the same object again; an inherited one is inherited again.
    """
    patches, original = Patches(), Base.method
    patches.replace(Base, "method", louder)
    patches.replace(Derived, "method", louder)

    assert (Base().method(), Derived().method()) == ("base!", "base!!")
    patches.undo()
    assert Base.method is original
    assert "method" not in vars(Derived)


def test_after_undo_nothing_is_replaced():
    """
    A module that is imported later stays as it is.
    """
    patches = Patches()
    patches.undo()
    patches.replace(Base, "method", louder)

    assert Base().method() == "base"
