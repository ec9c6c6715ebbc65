"""Notes are valid by the specification, and read back as they were written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.capture import authorship
from support.authorship import parse

COMMIT = "a" * 40
LABELS = st.sampled_from(["claude\tclaude-opus-4-6", "codex\tunknown", "watched"])
PATHS = st.sampled_from(["a.py", "b c.py", "größe/x.py", "---", 'say"so".py', "tab\there.py"])
ROWS = st.dictionaries(st.integers(1, 40), LABELS, min_size=1)


@given(st.dictionaries(PATHS, ROWS))
def test_a_note_is_read_back(labels):
    """
    What is written is valid, and what is read is what was written.
    """
    note = authorship.render(labels, COMMIT)
    tools = {
        path: {n: "h" if label == "watched" else label.split("\t")[0] for n, label in rows.items()}
        for path, rows in labels.items()
    }

    if "---" not in labels:
        assert parse(note.decode()) == tools
    assert authorship.read(note, COMMIT) == labels
    assert authorship.is_ours(note)


def test_of_two_logs_the_commit_s_own_counts():
    """
    Where git put two logs into one note, that of another commit has the wrong numbers.
    """
    own = authorship.render({"a.py": {1: "claude\tx"}}, COMMIT)
    other = authorship.render({"a.py": {7: "codex\ty"}}, "b" * 40)

    for note in (own + b"\n" + other, other + b"\n" + own):
        assert authorship.read(note, COMMIT) == {"a.py": {1: "claude\tx"}}
        assert authorship.is_ours(note)


def test_notes_of_any_kind():
    """
    A note that is not a log has no labels, and one that claims lines without an end is cut short.
    """
    for note in (b"", b"Reviewed.", b"a.py\n  s_1::t_1 1\n---\n{", b"---\n[]", b"\xff\n---\n{}"):
        assert authorship.read(note, COMMIT) == {}
        assert not authorship.is_ours(note)
    for base in ("", "HEAD", "--all"):
        assert authorship.read_all(authorship.render({"a.py": {1: "claude\tx"}}, base)) == {}
    bomb = authorship.render({"a.py": {1: "claude\tx"}}, COMMIT)
    bomb = bomb.replace(b" 1\n---", b" 1-999999999\n---")
    assert authorship.read(bomb, COMMIT) == {}
