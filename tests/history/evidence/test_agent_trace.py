from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence.agent_trace import parse
from aiprov_otel.values import Evidence, Origin

REVISION = "a" * 40


def trace(*ranges, contributor=None, path="a.py", **more):
    """A trace of one conversation about *ranges* of *path*."""
    conversation = {
        "url": "file:///home/jane/transcript.jsonl",
        "contributor": contributor or {"type": "ai", "model_id": "anthropic/claude-opus-4-8"},
        "ranges": list(ranges),
    }
    return {
        "version": "0.1.0",
        "timestamp": "2026-05-04T10:00:00Z",
        "vcs": {"type": "git", "revision": REVISION},
        "tool": {"name": "cursor"},
        "files": [{"path": path, "conversations": [conversation]}],
        **more,
    }


def lines(first, last, **more):
    """A range."""
    return {"start_line": first, "end_line": last, **more}


def read(*traces):
    """The claims of *traces*, one a line."""
    return parse("\n".join(map(json.dumps, traces)), "log")


def test_a_range_of_lines():
    """
    A claim has revision, time, path, lines, hash, and who is said to have written them.
    """
    [claim] = read(trace(lines(3, 9, content_hash="sha256:00")))

    assert (claim.revision, claim.path, claim.first, claim.last) == (REVISION, "a.py", 3, 9)
    assert (claim.time.isoformat(), claim.hash) == ("2026-05-04T10:00:00+00:00", "sha256:00")
    assert (claim.mark.origin, claim.mark.agent) == (Origin.AI, "cursor")
    assert (claim.mark.model, claim.mark.provider) == ("claude-opus-4-8", "anthropic")
    assert (claim.mark.evidence, claim.mark.where) == (Evidence.AGENT_TRACE, "log")


@pytest.mark.parametrize("kind", ["ai", "human", "mixed"])
def test_every_contributor(kind):
    """
    The types of contributors are our origins; a person has no agent and no model.
    """
    [claim] = read(trace(lines(1, 1), contributor={"type": kind, "model_id": "gpt-5"}))

    assert claim.mark.origin == kind
    assert claim.mark.model == (None if kind == "human" else "gpt-5")


def test_an_unknown_contributor_says_nothing():
    """
    A trace that does not know who wrote the lines leaves them to the commit.
    """
    assert read(trace(lines(1, 1), contributor={"type": "unknown"})) == []


def test_a_range_has_its_own_contributor():
    """
    The contributor of a range comes before that of its conversation.
    """
    [claim] = read(trace(lines(1, 1, contributor={"type": "human"})))

    assert claim.mark.origin is Origin.HUMAN


def test_the_model_may_be_a_placeholder():
    """
    `default` is not a model.
    """
    [claim] = read(trace(lines(1, 1), contributor={"type": "ai", "model_id": "default"}))

    assert claim.mark.model is None


def test_paths_of_windows():
    """
    Backslashes separate folders.
    """
    assert read(trace(lines(1, 1), path=r"src\shop\cart.py"))[0].path == "src/shop/cart.py"


def test_one_object_over_many_lines():
    """
    In a note a trace is printed for people.
    """
    assert len(parse(json.dumps(trace(lines(1, 1)), indent=1), "note")) == 1


def test_a_broken_line_is_left_out():
    """
    A log that was cut off in the middle of a line keeps the lines before it.
    """
    whole = json.dumps(trace(lines(1, 1)))

    assert len(parse(f"{whole}\n{whole[:50]}", "log")) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.text())
def test_reading_any_log_never_raises(text):
    """
    Whatever a log contains, reading it never raises.
    """
    parse(text, "log")


@given(JSON, JSON, JSON, JSON)
def test_reading_a_trace_with_any_values_never_raises(vcs, contributor, time, value):
    """
    A trace with the right shape and the wrong values never raises either.
    """
    odd = trace(lines(value, value, content_hash=value), contributor=contributor, path=value)
    read(odd, {**odd, "vcs": vcs, "timestamp": time, "tool": value}, {"files": value}, value)


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 99)), max_size=6))
def test_what_is_written_is_read(ranges):
    """
    Every range that is logged is found again, in order.
    """
    found = read(trace(*(lines(a, b) for a, b in ranges)))

    assert [(claim.first, claim.last) for claim in found] == ranges
