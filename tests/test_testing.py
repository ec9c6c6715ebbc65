"""`aiprov_otel.testing`: a user's own test states provenance and reads it back."""

from __future__ import annotations

import doctest
from contextlib import suppress

import pytest
from opentelemetry.sdk.trace import TracerProvider

import aiprov_otel
from aiprov_otel import Origin, provenance, provenance_of, testing
from aiprov_otel.runtime import resolver, state
from aiprov_otel.testing import use_manifest
from aiprov_otel.values import Match
from support.application import importable


def quote(price):
    return 2 * price


def audit(price):
    raise ValueError(price)


@pytest.fixture
def cart(tmp_path):
    """A module of a user."""
    (tmp_path / "cart.py").write_text("def total():\n    return 1\n\n\ndef tax():\n    return 2\n")
    with importable(tmp_path):
        import cart

        yield cart


def test_the_example_of_the_docs_is_right():
    """
    The example in the docstring runs as it is printed.
    """
    results = doctest.testmod(testing)

    assert results.attempted
    assert not results.failed


def test_a_function_has_the_provenance_that_was_stated():
    """
    Origin, agent, model and commit are those that were given; other functions are not known.
    """
    with use_manifest(quote, origin="ai", agent="cursor", model="gpt-5", commit="abc"):
        known = provenance_of(quote)

        assert (known.origin, known.agent, known.model) == ("ai", "cursor", "gpt-5")
        assert (known.commit, known.match) == ("abc", Match.EXACT)
        assert provenance_of(audit).origin is Origin.UNKNOWN


def test_modules_classes_and_files(cart):
    """
    A module, a class and the path of a file are stated as a whole.
    """
    for thing in (cart, cart.__file__):
        with use_manifest(thing, origin="human"):
            assert provenance_of(cart.tax).origin is Origin.HUMAN
    with use_manifest(TracerProviderOfMine):
        assert provenance_of(TracerProviderOfMine.get).origin is Origin.AI


class TracerProviderOfMine:
    def get(self):
        return self


def test_blocks_nest(cart):
    """
    An inner block states more, and wins.
    """
    with use_manifest(cart, origin="human"), use_manifest(cart.tax, origin="ai"):
        assert provenance_of(cart.tax).origin is Origin.AI
        assert provenance_of(cart.total).origin is Origin.HUMAN


def test_spans_of_a_provider_are_collected(cart):
    """
    The spans that end in the block say who wrote the code that opened them, and what failed them.
    """
    provider = TracerProvider(shutdown_on_exit=False)
    tracer = provider.get_tracer("a test")
    with use_manifest(audit, origin="human", tracer_provider=provider) as spans:
        with pytest.raises(ValueError, match="1"), tracer.start_as_current_span("order"):
            audit(1)
        provenance(quote)(1)
    with tracer.start_as_current_span("later"):
        pass

    assert [span.name for span in spans] == ["order", f"{__name__}.quote"]
    assert spans[0].attributes["aiprov.error.origin"] == "human"


def test_a_manifest_can_be_used(cart, tmp_path):
    """
    A manifest that a build wrote is read, and code may be stated beside it.
    """
    with use_manifest(cart, origin="mixed"):
        path = state.resolver().manifests[-1].path
        (tmp_path / "kept.manifest").write_bytes(path.read_bytes())
    with use_manifest(quote, manifest=tmp_path / "kept.manifest"):
        assert provenance_of(cart.tax).origin is Origin.MIXED
        assert provenance_of(quote).origin is Origin.AI


def test_everything_is_undone(cart):
    """
    After the block, and after an exception in it, the process is as it was before.
    """
    exec(compile("def made():\n    pass\n", "<made>", "exec"), names := {})
    with suppress(KeyError), use_manifest(cart, names["made"]):
        assert provenance_of(names["made"]).origin is Origin.AI
        raise KeyError

    assert not state.is_installed()
    assert id(names["made"].__code__) not in resolver.stated
    assert provenance_of(cart.tax).origin is Origin.UNKNOWN


def test_an_installation_of_the_application_goes_on(cart):
    """
    Where the application has called `install()`, it is installed as before after the block.
    """
    with aiprov_otel.install() as installation:
        before = state.current
        with use_manifest(cart):
            assert provenance_of(cart.tax).origin is Origin.AI
        assert (state.current, state.installation) == (before, installation)
