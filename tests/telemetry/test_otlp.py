"""What each row repeats of a resource or a scope."""

from __future__ import annotations

from aiprov_otel.telemetry.otlp import SHARED, make_scope, short_enough


def test_the_longest_attributes_go_first():
    """Where all together are too long, what is left is as it was sent, in its order."""
    attributes = {"b": "x" * SHARED, "service.name": "shop", "c": "y" * SHARED, "a": ""}

    assert list(short_enough(attributes).items()) == [("service.name", "shop"), ("a", "")]


def test_attributes_that_fit_are_kept():
    """Up to the limit, none goes."""
    attributes = {"a": "x" * (SHARED - 1), "service.name": ""}

    assert short_enough({"a": "x" * (SHARED - 1)}) == {"a": "x" * (SHARED - 1)}
    assert short_enough(attributes) == {"service.name": ""}


def test_what_a_report_reads_goes_last():
    """However many short attributes there are."""
    many = {f"key{number}": "v" * 10 for number in range(2_000)}

    kept = short_enough({"service.name": "shop", "aiprov.run.id": "r" * 20, **many})

    assert (kept["service.name"], kept["aiprov.run.id"]) == ("shop", "r" * 20)
    assert 500 < len(kept) < 2_000


def test_a_long_name_of_a_scope_is_cut():
    """A scope has a name of at most that length, a version too."""
    scope = make_scope("n" * SHARED * 2, "v" * SHARED * 2, {"k": "x" * SHARED})

    assert scope == ("n" * SHARED, "v" * SHARED, {})
