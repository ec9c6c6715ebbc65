"""An exception that we have seen is the same to the application, and is recorded once."""

from __future__ import annotations

import contextlib
import copy
import gc
import marshal
import pickle
import weakref

import pytest
import yaml

from aiprov_otel import provenance
from aiprov_otel.runtime import exception_state

FAIL = "def fail(kind):\n    raise kind('x')\n"


class Mine(Exception):
    """A class that is written in Python."""


@pytest.mark.parametrize("kind", [KeyError, Mine])
def test_its_attributes_are_those_that_python_gave_it(application, kind):
    """
    `vars` of it is a plain dict, without anything of ours: it can be dumped and copied.
    """
    shop = application.module("shop", FAIL)
    with application.install(), pytest.raises(kind) as raised:
        provenance(shop.fail)(kind)

    error = raised.value
    assert type(vars(error)) is dict
    assert vars(error) == {}
    assert marshal.loads(marshal.dumps(vars(error))) == {}
    assert yaml.safe_load(yaml.safe_dump(vars(error))) == {}
    assert pickle.loads(pickle.dumps(error)).args == copy.copy(error).args == ("x",)


@pytest.mark.parametrize("kind", [KeyError, Mine])
def test_nothing_of_it_is_kept_alive(application, kind):
    """
    Once the application has let go of it, what its frames held is gone.
    """

    class Held:
        pass

    def fail():
        held = Held()
        gone.append(weakref.ref(held))
        raise kind(held.__class__.__name__)

    gone, known = [], set(exception_state._states._weak)
    with application.install():
        for _ in range(100):
            with contextlib.suppress(kind):
                provenance(fail)()
        gc.collect()

    assert not [each for each in gone if each() is not None]
    assert len(exception_state._states._kept) <= 64
    assert exception_state._states._weak.keys() <= known


def test_the_next_exception_at_an_address_is_another_one():
    """
    What was noted of an exception that is gone is not taken for the next with its address.
    """
    for kind in (KeyError, Mine):
        assert all(exception_state.first_met(kind()) for _ in range(1_000))


def test_a_context_manager_in_between_does_not_record_it_twice(application):
    """
    `@contextmanager` resets the traceback on the way; the event is on the innermost span alone.
    """
    shop = application.module("shop", FAIL)

    @contextlib.contextmanager
    def managed():
        try:
            yield
        finally:
            pass

    @provenance
    def outer():
        with managed():
            provenance(shop.fail)(KeyError)

    with application.install(), pytest.raises(KeyError):
        outer()

    assert len(application.span("fail").events) == 1
    assert application.span("outer").events == ()
    assert application.span("outer").attributes["aiprov.error.origin"] == "ai"


@pytest.mark.parametrize("place", ["write", "place"])
def test_work_grows_with_the_depth_of_nested_spans_alone(application, monkeypatch, place):
    """
    An exception through twice as many nested spans takes twice as many look-ups, not four times.

    Also where no line that it passed stands in a manifest.
    """
    getattr(application, place)("shop.py", FAIL)
    shop = application.module("shop")

    @provenance
    def nest(depth):
        if depth:
            nest(depth - 1)
        else:
            shop.fail(KeyError)

    counts = []
    with application.install() as installed:
        assert installed
        asked = _count_looks(monkeypatch)
        for depth in (50, 100):
            asked.clear()
            with pytest.raises(KeyError):
                nest(depth)
            counts.append(len(asked))

    assert counts[1] < 2.5 * counts[0]


def _count_looks(monkeypatch):
    """Every step of a traceback that is looked at from now on."""
    from aiprov_otel.runtime import annotator, state

    asked = []
    identity, is_ours = annotator._identity, type(state.current.resolver).is_ours
    monkeypatch.setattr(annotator, "_identity", lambda step: asked.append(1) or identity(step))
    monkeypatch.setattr(
        type(state.current.resolver),
        "is_ours",
        lambda self, code: asked.append(1) or is_ours(self, code),
    )
    return asked


@pytest.mark.parametrize("replaced", [False, True])
def test_another_cause_is_another_answer(application, replaced):
    """
    Where an outer function raises the same exception from another, its span names that cause.
    """
    shop = application.module("shop", FAIL)

    def outer():
        try:
            provenance(shop.fail)(Mine)
        except Mine as error:
            if replaced:
                raise error from ValueError("why")
            raise

    with application.install(), pytest.raises(Mine) as raised:
        provenance(outer)()

    assert isinstance(raised.value.__cause__, ValueError) is replaced
    assert application.span("outer").attributes["aiprov.error.origin"] == "ai"
