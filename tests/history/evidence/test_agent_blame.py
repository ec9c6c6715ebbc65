from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence.agent_blame import parse
from aiprov_otel.values import Origin


def note(*ranges, provider="claude_code", model="claude", category="ai_generated"):
    """A note in which *ranges* of a.py are attributed."""
    attributions = [
        {
            "path": "a.py",
            "start_line": first,
            "end_line": last,
            "category": category,
            "provider": provider,
            "model": model,
            "confidence": 1,
        }
        for first, last in ranges
    ]
    return json.dumps({"version": 2, "attributions": attributions}).encode()


def test_ranges_of_a_tool():
    """
    Each range is AI, of the tool that is named; a vendor is not a model.
    """
    [first, second] = parse(note((1, 2), (5, 5)), "ref")["a.py"]

    assert (first.first, first.last, second.first, second.last) == (1, 2, 5, 5)
    assert (first.mark.origin, first.mark.agent, first.mark.model) == (
        Origin.AI, "claude-code", None,
    )  # fmt: skip


def test_both_ways_to_spell_a_tool():
    """
    `claudeCode` and `claude_code` are one tool, and a model may be named in its own way.
    """
    [stretch] = parse(note((1, 1), provider="claudeCode"), "ref")["a.py"]
    assert stretch.mark.agent == "claude-code"

    spelled = note((1, 1), provider="cursor", model="claude-4.5-opus-high-thinking")
    [stretch] = parse(spelled, "ref")["a.py"]
    assert (stretch.mark.agent, stretch.mark.model) == ("cursor", "claude-opus-4-5")


def test_other_categories():
    """
    What is not said to be generated is not said to be anything.
    """
    assert parse(note((1, 1), category="reviewed"), "ref") == {}


@given(st.lists(st.integers(1, 90), min_size=1, unique=True))
def test_what_is_written_is_read(lines):
    """
    Each line is found again.
    """
    found = parse(note(*((n, n) for n in lines)), "ref")["a.py"]

    assert [one.first for one in found] == sorted(lines)


@given(st.binary() | st.sampled_from([b"[]", b"{}", b'{"attributions": [{}, 1, {"path": 1}]}']))
def test_reading_any_note_never_raises(data):
    """
    Whatever hangs on a commit, reading it never raises.
    """
    parse(data, "ref")
