"""Attributes that go into the SDK's mapping as they are: those that the SDK's way leaves."""

from __future__ import annotations

import pytest
import wrapt
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry import attributes
from opentelemetry.attributes import BoundedAttributes

from aiprov_otel.runtime import fast_path, plain_attributes, state


class Text(str):
    """Text of a class of its own."""

    __slots__ = ()


SET_ITEM = BoundedAttributes.__setitem__
SET_ITEMS = getattr(BoundedAttributes, "_set_items", None)  # since 1.43
keys = st.sampled_from(["a", "b", "c", "", Text("a"), None, 1])
values = st.sampled_from(
    ["text", "", 1, 0.5, float("inf"), True, None, b"bytes", ["a", "b"], [1, "a"], Text("t")]
)
bounds = st.fixed_dictionaries(
    {
        "maxlen": st.none() | st.integers(0, 3),
        "max_value_len": st.none() | st.integers(0, 3),
        "immutable": st.booleans(),
    }
)


UNBOUNDED = {"maxlen": None, "max_value_len": None, "immutable": False}


def left(bound, use):
    """What *use*, while installed, leaves in attributes with these bounds, and how it ended."""
    bounded, ended = BoundedAttributes(**bound), None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(state, "installation", "any")
        try:
            use(bounded)
        except TypeError as error:
            ended = type(error)
    items = [(type(key), key, type(value), value) for key, value in bounded.items()]
    return items, bounded.dropped, ended


@given(bounds, st.lists(st.tuples(keys, values), max_size=6))
def test_one_after_the_other_they_are_as_the_sdk_leaves_them(bound, pairs):
    """
    Whatever the keys, values and limits, in the same order, with as many dropped.
    """
    ours = plain_attributes._wrap_set_item(SET_ITEM)

    def use(set_item):
        return left(bound, lambda bounded: [set_item(bounded, *pair) for pair in pairs])

    assert use(ours) == use(SET_ITEM)


@pytest.mark.skipif(SET_ITEMS is None, reason="the SDK has that since 1.43")
@given(bounds, st.dictionaries(keys, values, max_size=5), st.dictionaries(keys, values, max_size=5))
@example(UNBOUNDED, {"a": 1, "b": 2}, {"a": 3})
@example(UNBOUNDED | {"maxlen": 2}, {"a": 1, "b": 2}, {"c": 3})
@example(UNBOUNDED | {"maxlen": 1}, {"a": 1, "b": 2}, {})
def test_many_at_once_are_as_the_sdk_leaves_them(bound, first, then):
    """
    The first ones, and more that are set on top of them.
    """
    ours = plain_attributes._wrap_set_items(SET_ITEMS)

    def use(set_items):
        return left(bound, lambda bounded: [set_items(bounded, each) for each in (first, then)])

    assert use(ours) == use(SET_ITEMS)


def test_plain_attributes_are_not_cleaned(application, monkeypatch):
    """
    While installed, the SDK's own way is not taken for them; afterwards, it is.
    """
    monkeypatch.setenv("AIPROV_FAST", "true")
    with application.install():
        assert BoundedAttributes.__setitem__ is not SET_ITEM
        with monkeypatch.context() as patched:
            for name in [each for each in vars(attributes) if each.startswith("_clean")]:
                patched.setattr(attributes, name, None)  # a call fails
            bounded = BoundedAttributes(attributes={"a": 1, "b": "text"}, immutable=False)
            bounded["c"] = 0.5
        assert bounded == {"a": 1, "b": "text", "c": 0.5}

    assert BoundedAttributes.__setitem__ is SET_ITEM
    assert getattr(BoundedAttributes, "_set_items", None) is SET_ITEMS


@pytest.mark.parametrize("why", ["switched off", "not tested", "another result"])
def test_the_sdk_cleans_all_where_the_short_way_is_closed(application, monkeypatch, why):
    """
    By `AIPROV_FAST=false`, with a version that was not tested, or one that leaves other attributes.
    """
    monkeypatch.setenv("AIPROV_FAST", "false" if why == "switched off" else "true")
    if why == "not tested":
        monkeypatch.setattr(fast_path, "TESTED", frozenset())  # a later version can't be had yet
    if why == "another result":
        for wrap in ("_wrap_set_item", "_wrap_set_items"):
            monkeypatch.setattr(plain_attributes, wrap, lambda original: lambda *given: None)
    with application.install():
        assert BoundedAttributes.__setitem__ is SET_ITEM
        assert getattr(BoundedAttributes, "_set_items", None) is SET_ITEMS


def test_what_another_tool_redacts_is_redacted(application, monkeypatch):
    """
    A method of the SDK's mapping that another tool has replaced is left alone.
    """
    monkeypatch.setenv("AIPROV_FAST", "true")

    def redacting(self, key, value):
        SET_ITEM(self, key, "***" if key == "password" else value)

    monkeypatch.setattr(BoundedAttributes, "__setitem__", redacting)
    with application.install():
        span = application.tracer.start_span("s")
        span.set_attribute("password", "secret")

        assert span.attributes["password"] == "***"


@pytest.mark.parametrize(
    ("owner", "name"), [(attributes, "_clean_attribute_value"), (BoundedAttributes, "__iter__")]
)
def test_a_part_that_another_tool_has_replaced_closes_it(application, monkeypatch, owner, name):
    """
    Whatever part of the SDK's mapping that is, and also where it looks like the SDK's own.
    """
    monkeypatch.setenv("AIPROV_FAST", "true")

    def passing(call, _instance, given, _named):
        return call(*given)

    replaced = wrapt.FunctionWrapper(getattr(owner, name), passing)
    monkeypatch.setattr(owner, name, replaced)
    with application.install():
        assert BoundedAttributes.__setitem__ is SET_ITEM


def test_below_another_patch_it_does_nothing_once_it_is_undone(application, monkeypatch):
    """
    Python can't take it out there, and installing again puts no second one on top.
    """
    monkeypatch.setenv("AIPROV_FAST", "true")
    monkeypatch.setattr(BoundedAttributes, "__setitem__", SET_ITEM)  # what is put back at the end
    with application.install():
        ours = BoundedAttributes.__setitem__

        def above(*given):
            ours(*given)

        monkeypatch.setattr(BoundedAttributes, "__setitem__", above)
    with monkeypatch.context() as patched:
        patched.setattr(attributes, "_clean_attribute_value", lambda value, _: value.upper())
        bounded = BoundedAttributes(immutable=False)
        bounded["a"] = "b"

    assert bounded["a"] == "B"
    with application.install():
        assert BoundedAttributes.__setitem__ is above


class Meta(type):
    """The class of classes that can't be hashed."""

    def __hash__(cls):
        raise LookupError("a class of the application")


def test_nothing_of_a_value_runs(application, monkeypatch):
    """
    Not even what the class of its class defines.
    """
    monkeypatch.setenv("AIPROV_FAST", "true")
    value = Meta("Odd", (str,), {})("value")
    with application.install():
        bounded = BoundedAttributes(attributes={"a": value}, immutable=False)
        bounded["b"] = value

    assert dict(bounded) == {"a": "value", "b": "value"}


class Own(BoundedAttributes):
    """A mapping of the application, which keeps capitals."""

    def _setitem_locked(self, key, value):
        super()._setitem_locked(key, str(value).upper())


@pytest.mark.skipif(SET_ITEMS is None, reason="the SDK has that since 1.43")
def test_a_class_of_the_application_is_left_alone(application, monkeypatch):
    """
    One that overrides what the SDK calls.
    """
    monkeypatch.setenv("AIPROV_FAST", "true")
    with application.install():
        own = Own(attributes={"a": "b"}, immutable=False)
        own["c"] = "d"

    assert dict(own) == {"a": "B", "c": "D"}


class Recording:
    """A lock that counts how often it was held."""

    held = 0

    def __enter__(self):
        self.held += 1

    def __exit__(self, *_):
        pass


def test_the_mapping_is_written_under_its_lock(application, monkeypatch):
    """
    As the SDK writes it, one attribute or many at once.
    """
    monkeypatch.setenv("AIPROV_FAST", "true")
    bounded = BoundedAttributes(immutable=False)
    lock = bounded._lock = Recording()
    with application.install():
        if SET_ITEMS is not None:
            bounded._set_items({"a": 1})
            assert lock.held == 1
        lock.held = 0
        bounded["b"] = 1

    assert lock.held == 1
    assert "b" in bounded._dict
