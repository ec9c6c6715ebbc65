"""`provenance_of`: the provenance of anything that has code."""

from __future__ import annotations

import functools
import sys

import pytest

import aiprov_otel
from aiprov_otel import provenance_of
from aiprov_otel.values import MISSING, Match, Origin
from support.application import AI, HUMAN

SHOP = '''\
import functools
import sys
from dataclasses import dataclass


def order(library):
    return library()


def repair():  # human
    return sys._getframe()  # human


def fail(inner):
    raise KeyError(inner())  # human


class Cart:
    """One of each kind of method."""

    @classmethod
    def of_class(cls):
        return cls

    @staticmethod
    def static():
        return 1

    @property
    def prop(self):
        return 1

    @functools.cached_property
    def once(self):
        return 1

    @functools.lru_cache
    def kept(self):
        return 1


class Repaired:
    def one(self):  # human
        return 1  # human

    def two(self):  # human
        return 2  # human


@dataclass
class Item:
    price: int

    def total(self):
        return self.price


class Empty:
    pass
'''


@pytest.fixture
def shop(application):
    """The shop above, installed."""
    shop = application.module("shop.looked", SHOP)
    application.install()
    return shop


def test_a_function_is_a_unit(shop):
    """
    A function is decided over its lines, and says its file.
    """
    found = provenance_of(shop.order)

    assert (found.origin, found.agent, found.ai_ratio) == (Origin.AI, AI.agent, 1.0)
    assert found.path == "src/shop/looked.py"
    assert provenance_of(shop.order.__code__) == found


@pytest.mark.parametrize("name", ["of_class", "static", "prop", "once", "kept"])
def test_each_kind_of_method_is_seen_through(shop, name):
    """
    So is a method, as it stands in its class and, where that is callable, bound.
    """
    assert provenance_of(vars(shop.Cart)[name]).origin is Origin.AI
    if callable(bound := getattr(shop.Cart(), name)):
        assert provenance_of(bound).origin is Origin.AI


def test_decorated_and_partial_functions_are_seen_through(shop):
    """
    A wrapper, a partial and our own decorator stand for the function inside.
    """

    @functools.wraps(shop.repair)
    def around():
        return shop.repair()

    for thing in (around, functools.partial(shop.repair), aiprov_otel.provenance(shop.repair)):
        assert provenance_of(thing).origin is Origin.HUMAN


def test_a_class_is_decided_over_its_methods(shop):
    """
    A class is one unit of all its methods; what no file holds does not count.
    """
    assert provenance_of(shop.Repaired).origin is Origin.HUMAN
    assert provenance_of(shop.Item).origin is Origin.AI
    assert provenance_of(shop.Item).match is Match.EXACT
    assert provenance_of(shop.Empty) == provenance_of(int) == MISSING


def test_a_frame_is_the_line_that_runs(shop):
    """
    A frame is answered by one line.
    """
    found = provenance_of(shop.repair())

    assert (found.origin, found.commit, found.ai_ratio) == (Origin.HUMAN, HUMAN.commit, None)


def test_an_exception_is_the_line_that_raised(shop):
    """
    An exception and its traceback are answered by the innermost line of the application.
    """
    try:
        shop.order(functools.partial(shop.fail, lambda: 1))
    except KeyError as raised:
        error = raised

    for thing in (error, error.__traceback__):
        assert provenance_of(thing).commit == HUMAN.commit
    assert provenance_of(KeyError()) == MISSING


@pytest.mark.parametrize(
    ("line", "origin"), [(6, "ai"), (10, "human"), (1000, "unknown"), (0, "unknown")]
)
def test_a_text_is_a_path_and_a_line(shop, line, origin):
    """
    `path:line`, as a log shows it, is that line.
    """
    assert provenance_of(f"{shop.__file__}:{line}").origin == origin


def test_a_path_of_another_machine_is_unverified(shop):
    """
    Where the file can't be read, its name decides.
    """
    found = provenance_of("/srv/elsewhere/shop/looked.py:10")

    assert (found.origin, found.match) == (Origin.HUMAN, Match.UNVERIFIED)
    assert provenance_of("/srv/elsewhere.py:10") == MISSING


@pytest.mark.parametrize("text", ["cart.py", "cart.py:", ":7", "cart.py:x", ""])
def test_another_text_is_a_value_error(text):
    """
    A text that is not `path:line` says so.
    """
    with pytest.raises(ValueError, match="is not of the form path:line"):
        provenance_of(text)


@pytest.mark.parametrize("thing", [len, 7, None, sys])
def test_what_has_no_python_code_is_a_type_error(thing):
    """
    A function of C and a value have no line.
    """
    with pytest.raises(TypeError, match="is not written in Python"):
        provenance_of(thing)


def test_a_declaration_counts(shop):
    """
    What was stated of a function is what it is, from then on.
    """
    assert provenance_of(shop.order).origin is Origin.AI
    aiprov_otel.provenance(origin="mixed", span=False)(shop.order)

    assert provenance_of(shop.order).origin is Origin.MIXED
    assert provenance_of(shop.order).match is Match.DECLARED


def test_it_needs_no_install(application, monkeypatch):
    """
    It looks for a manifest by itself, once, also while the library is disabled.
    """
    shop = application.module("shop.looked", SHOP)
    monkeypatch.setenv("AIPROV_MANIFEST", str(application.manifest()))
    monkeypatch.setenv("AIPROV_DISABLED", "true")

    assert provenance_of(shop.order).origin is Origin.AI
    (application.folder / "aiprov.manifest").unlink()
    assert provenance_of(shop.repair).origin is Origin.HUMAN


def test_it_answers_after_uninstall(application):
    """
    To annotate nothing is not to know nothing.
    """
    shop = application.module("shop.looked", SHOP)
    application.install().uninstall()

    assert provenance_of(shop.order).origin is Origin.AI
