"""What a row keeps of long texts."""

from __future__ import annotations

from aiprov_otel.telemetry.otlp import (
    LONGEST,
    MESSAGE,
    STACK_TRACE,
    Event,
    Link,
    make_row,
    make_scope,
    short_enough,
)


def test_the_longest_attributes_go_first():
    """Where all together are too long, what is left is as it was sent, in its order."""
    attributes = {"b": "x" * LONGEST, "service.name": "shop", "c": "y" * LONGEST, "a": ""}

    assert list(short_enough(attributes).items()) == [("service.name", "shop"), ("a", "")]


def test_attributes_that_fit_are_kept():
    """Up to the limit, none goes."""
    attributes = {"a": "x" * (LONGEST - 1), "service.name": ""}

    assert short_enough({"a": "x" * (LONGEST - 1)}) == {"a": "x" * (LONGEST - 1)}
    assert short_enough(attributes) == {"service.name": ""}


def test_what_a_report_reads_goes_last():
    """However many short attributes there are."""
    many = {f"key{number}": "v" * 10 for number in range(2_000)}

    kept = short_enough({"service.name": "shop", "aiprov.run.id": "r" * 20, **many})

    assert (kept["service.name"], kept["aiprov.run.id"]) == ("shop", "r" * 20)
    assert 500 < len(kept) < 2_000


def test_a_long_name_of_a_scope_is_cut():
    """A scope has a name of at most that length, a version too."""
    scope = make_scope("n" * LONGEST * 2, "v" * LONGEST * 2, {"k": "x" * LONGEST})

    assert scope == ("n" * LONGEST, "v" * LONGEST, {})


def test_a_span_with_a_prompt_has_its_provenance():
    """Long attributes are not kept; what a report reads is whole, however many others there are."""
    read = {"aiprov.origin": "ai", "aiprov.commit.id": "c" * 40, "code.file.path": "p" * 200}
    others = {f"key{number}": "v" * 100 for number in range(1_000)}

    row = row_of(attributes={"gen_ai.prompt": "p" * 200_000, **others, **read})

    assert {key: row.span_attributes[key] for key in read} == read
    assert "gen_ai.prompt" not in row.span_attributes
    assert len(row.span_attributes) > 100


def test_an_exception_with_a_long_message_is_the_same_on_each_span():
    """Its message is cut to one length; of its stack trace both ends are kept."""
    message = "m" * 60_000
    trace = "Traceback (most recent call last):\n" + "  File x\n" * 9_000 + f"KeyError: {message}"
    raised = {
        "exception.message": message,
        "exception.stacktrace": trace,
        "aiprov.exception.origin": "ai",
    }
    other = Event(1, "log", {"text": "l" * 100_000, "more": "l"})

    rows = [row_of(events=[Event(1, "exception", raised)] + [other] * n) for n in range(3)]

    kept = [row.event_attributes[0] for row in rows]
    assert kept[1:] == kept[:-1]
    assert kept[0]["exception.message"] == "m" * MESSAGE
    assert kept[0]["exception.stacktrace"].startswith(trace[:9_000])
    assert kept[0]["exception.stacktrace"].endswith("\n...\n" + "m" * (STACK_TRACE // 2 - 3))
    assert kept[0]["aiprov.exception.origin"] == "ai"
    assert rows[1].event_attributes[1] == {"more": "l"}


def test_no_text_of_a_row_is_longer():
    """Whatever is long in a span: names, states, identifiers, its links."""
    long = "x" * 100_000
    row = row_of(
        name=long,
        parent_span_id=long,
        trace_state=long,
        status_message=long,
        events=[Event(1, long, {long: ""})],
        links=[Link(long, long, long, {"k": long})],
    )

    texts = [value for value in row if isinstance(value, str)]
    for value in row:
        texts += [each for each in value if isinstance(each, str)] if type(value) is list else []
    assert max(map(len, texts)) == LONGEST
    assert (row.event_attributes, row.link_attributes) == ([{}], [{}])


def row_of(**fields):
    """A row of a span that has these."""
    texts = dict.fromkeys(("parent_span_id", "trace_state", "name", "status_message"), "")
    numbers = {"kind": 1, "start": 1, "end": 2, "status_code": 0}
    parts = {"attributes": {}, "events": [], "links": [], "resource": {}}
    ids = {"trace_id": "1" * 32, "span_id": "1" * 16, "scope": make_scope("", "", {})}
    return make_row(**(texts | numbers | parts | ids | fields))
