"""What a row keeps of long texts."""

from __future__ import annotations

import pytest

from aiprov_otel.telemetry.otlp import (
    ATTRIBUTES,
    EVENTS,
    SHARED,
    Event,
    Link,
    make_row,
    make_scope,
    short_enough,
)


def test_the_longest_attributes_are_cut():
    """Where all together are too long, the short ones are left as they are, in their order."""
    attributes = {"b": "x" * ATTRIBUTES, "service.name": "shop", "c": "y" * ATTRIBUTES, "a": ""}

    kept = short_enough(attributes, ATTRIBUTES)

    half = (ATTRIBUTES - len("service.nameshop" + "a")) // 2 - 1
    assert list(kept.items()) == [
        ("b", "x" * half),
        *list(attributes.items())[1:2],
        ("c", "y" * (half + 1)),
        ("a", ""),
    ]


def test_attributes_that_fit_are_kept():
    """Up to the limit, none is cut."""
    attributes = {"a": "x" * (ATTRIBUTES - 2), "b": ""}

    assert short_enough(attributes, ATTRIBUTES) == attributes
    assert short_enough({**attributes, "service.name": ""}, ATTRIBUTES)["a"] == "x" * (
        ATTRIBUTES - 14
    )


@pytest.mark.parametrize("number", [2_000, 20_000])
def test_what_a_report_reads_is_kept(number):
    """However many attributes there are, that is whole; keys go that have no room."""
    many = {f"key{each}": "v" * 10 for each in range(number)}
    needed = {"service.name": "shop", "aiprov.run.id": "r" * 20}

    kept = short_enough({**many, **needed}, ATTRIBUTES)

    assert {key: kept[key] for key in needed} == needed
    assert ATTRIBUTES * 0.9 < sum(map(len, [*kept, *kept.values()])) <= ATTRIBUTES
    assert (len(kept) == number + 2) == (number == 2_000)


def test_a_long_name_of_a_scope_is_cut():
    """A scope has a name of at most that length, a version too."""
    scope = make_scope("n" * SHARED * 2, "v" * SHARED * 2, {"k": "x" * SHARED})

    assert scope == ("n" * SHARED, "v" * SHARED, {"k": "x" * (SHARED - 1)})


def test_a_span_with_a_prompt_is_stored_with_its_provenance():
    """Attributes of any length leave what is short as it was; of a stack trace the end is kept."""
    short = {"aiprov.origin": "ai", "aiprov.agent.name": "claude-code"}
    trace = "Traceback (most recent call last):\n" + "  File x\n" * EVENTS + "KeyError: 'a'"
    raised = {"exception.type": "KeyError", "exception.stacktrace": trace}
    row = make_row(
        trace_id="1" * 32,
        span_id="1" * 16,
        parent_span_id="",
        trace_state="",
        name="n" * 100_000,
        kind=1,
        start=1,
        end=2,
        attributes={"gen_ai.prompt": "p" * 200_000, **short, "gen_ai.completion": "c" * 20_000},
        status_code=2,
        status_message="m" * 100_000,
        events=[Event(1, "exception", raised), Event(1, "log", {"text": "l" * 1_000})],
        links=[Link("2" * 32, "2" * 16, "", {"k": "v" * 100_000})],
        scope=make_scope("scope", "1", {}),
        resource={"service.name": "shop"},
    )

    assert {key: row.span_attributes[key] for key in short} == short
    assert set(row.span_attributes) == {*short, "gen_ai.prompt", "gen_ai.completion"}
    assert sum(map(len, [*row.span_attributes, *row.span_attributes.values()])) == ATTRIBUTES
    assert row.event_attributes[0]["exception.type"] == "KeyError"
    assert row.event_attributes[0]["exception.stacktrace"].endswith("  File x\nKeyError: 'a'")
    assert len(row.event_attributes[0]["exception.stacktrace"]) > EVENTS - 1_200
    assert row.event_attributes[1] == {"text": "l" * 1_000}
    assert len(row.link_attributes[0]["k"]) == EVENTS - 1
    assert len(row.span_name) == len(row.status_message) == ATTRIBUTES
