"""What is kept of a line that raised does not outlast what it was computed from."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import Span

import aiprov_otel

SHOP = """\
def fail(item):
    raise KeyError(item)  # human
"""


@pytest.fixture
def shop(application):
    """The shop above, installed."""
    shop = application.module("shop.failing", SHOP)
    application.install()
    return shop


def event(span):
    """The attributes of the only exception event of *span*."""
    (found,) = span.events
    return found.attributes


def raised_by(application, function):
    """The attributes of the event of the KeyError that *function* raises."""
    with pytest.raises(KeyError), application.tracer.start_as_current_span("span"):
        function()
    return event(application.memory.get_finished_spans()[-1])


def test_what_is_declared_later_counts_from_then_on(application, shop):
    """
    Also for a line that has raised before.
    """
    first = raised_by(application, lambda: shop.fail("x"))
    aiprov_otel.provenance(origin="ai", span=False)(shop.fail)
    second = raised_by(application, lambda: shop.fail("x"))

    assert first["aiprov.exception.origin"] == "human"
    assert second["aiprov.exception.origin"] == "ai"


def test_one_code_in_two_modules_has_the_name_of_each(application, shop):
    """
    As a plug-in that is executed for each of its users.
    """
    code = compile("def fail():\n    raise KeyError\n", shop.__file__, "exec")
    names = []
    for name in ("one", "other"):
        module = {"__name__": name}
        exec(code, module)
        names.append(raised_by(application, module["fail"])["code.function.name"])

    assert names == ["one.fail", "other.fail"]


def test_what_another_tool_adds_stays_with_its_exception(application, shop, monkeypatch):
    """
    A wrapper of `record_exception` may write into the attributes that it is given.
    """
    theirs, users = Span.record_exception, ["somebody"]

    def record_exception(span, error, attributes=None, **more):
        if users:
            attributes["user.id"] = users.pop()
        theirs(span, error, attributes, **more)

    decorated = aiprov_otel.provenance(shop.fail)
    with monkeypatch.context() as patched:
        patched.setattr(Span, "record_exception", record_exception)
        for _ in range(2):
            with pytest.raises(KeyError):
                decorated("x")

    first, second = application.memory.get_finished_spans()
    assert event(first)["user.id"] == "somebody"
    assert "user.id" not in event(second)


def test_a_line_whose_file_was_reloaded_from_another_text_is_unknown(application, shop):
    """
    The function that was loaded before may be of either text.
    """
    fail, path = shop.fail, Path(shop.__file__)
    first = raised_by(application, lambda: fail("x"))
    path.write_text(f"{SHOP}\n\nmore = 1\n")
    importlib.reload(shop)
    second = raised_by(application, lambda: fail("x"))

    assert first["aiprov.exception.origin"] == "human"
    assert second["aiprov.exception.origin"] == "unknown"
