from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence.whogitit import parse
from aiprov_otel.values import Origin

KINDS = ["AI", "AIModified", "Human", "Original", "Unknown"]


def note(kinds, model="claude-opus-4-5-20251101"):
    """A note in which the lines of a.py have these *kinds*, from the first on."""
    lines = [
        {"line_number": n, "content": "secret", "source": {"type": kind, "similarity": 0.5}}
        for n, kind in enumerate(kinds, 1)
    ]
    session = {"session_id": "0", "model": {"id": model, "provider": "anthropic"}}
    told = {"version": 2, "session": session, "files": [{"path": "a.py", "lines": lines}]}
    return json.dumps(told, indent=2).encode()


def test_every_kind_of_line():
    """
    A model's lines are AI, those that a person changed are mixed, what was there is not named.
    """
    stretches = parse(note(KINDS), "refs/notes/whogitit")["a.py"]

    assert [(one.first, one.mark.origin, one.mark.model) for one in stretches] == [
        (1, Origin.AI, "claude-opus-4-5"),
        (2, Origin.MIXED, "claude-opus-4-5"),
        (3, Origin.HUMAN, None),
    ]


@given(st.lists(st.sampled_from(KINDS), max_size=30))
def test_what_is_written_is_read(kinds):
    """
    Each line that the note makes a statement about is found again.
    """
    found = parse(note(kinds), "ref").get("a.py", ())

    assert [one.mark.text for one in found] == [kind for kind in kinds if kind in KINDS[:3]]


@given(st.binary() | st.sampled_from([b"[]", b"{}", b'{"files": [{"lines": [{}, 1]}, {}]}']))
def test_reading_any_note_never_raises(data):
    """
    Whatever hangs on a commit, reading it never raises.
    """
    parse(data, "ref")
