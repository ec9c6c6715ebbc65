"""The journal keeps what is known of files, whatever becomes of one of its bundles."""

from __future__ import annotations

import json

import pytest

from aiprov_otel.capture import journal as journals
from aiprov_otel.capture.journal import Journal, State

NAMES = [f"m{number}.py" for number in range(12)]


@pytest.fixture
def journal(tmp_path):
    """A journal with a line of an agent in each of some files."""
    journal = Journal(tmp_path, tmp_path / ".git", tmp_path / ".git")
    (tmp_path / ".git").mkdir()
    with journal.locked():
        for name in NAMES:
            journal.save(State(name, [b"12345678"], ["claude-code\t"], [1], "mark"))
    return journal


def again(journal):
    """The journal, as the next hook opens it."""
    return Journal(journal.root, journal.git_folder, journal.common)


def bundles(journal):
    return sorted((journal.folder / "files").iterdir())


def test_states_are_read_as_they_were_saved(journal):
    """Each with its hashes, labels, weights and mark, in the order of paths."""
    with again(journal).locked():
        states = list(again(journal).states())

    assert [state.path for state in states] == sorted(NAMES)
    assert {(*s.hashes, *s.labels, *s.weights, s.mark) for s in states} == {
        (b"12345678", "claude-code\t", 1, "mark")
    }


def test_who_does_not_hold_the_lock_changes_nothing(journal):
    """A bundle that looks broken may be one that another hook is writing."""
    whole = bundles(journal)[0].read_bytes()
    bundles(journal)[0].write_bytes(whole[:-3])

    seen = {state.path for state in again(journal).states()}

    assert seen < set(NAMES)
    assert bundles(journal)[0].read_bytes() == whole[:-3]
    assert journal.complaints() == []


@pytest.mark.parametrize(
    "head", [{"labels": []}, {"mark": 1}, {"weights": -1}, {"labels": [[["x", 0]]]}, {"path": None}]
)
def test_a_record_that_can_not_be_read_costs_its_bundle(journal, head):
    """It is moved aside with one line in the log, and the other bundles are kept."""
    fields = {"path": "m.py", "labels": [[["x", 1]]], "weights": 0, "mark": "", **head}
    bundles(journal)[0].write_bytes(json.dumps(fields).encode() + b"\n" + b"12345678")
    other = again(journal)
    with other.locked():
        seen = {state.path for state in other.states()}

    assert seen < set(NAMES)
    assert len(seen) > 4
    assert "the lines that it was about are unknown" in journal.complaints()[0]


def test_a_bundle_is_never_larger_than_it_can_be_read(journal, monkeypatch):
    """The file with most lines is left out, with one line in the log; all others stay."""
    monkeypatch.setattr(journals, "MANY_BYTES", 5_000)
    with journal.locked():
        journal.save(State("large.py", [b"12345678"] * 1000, ["x"] * 1000))

    assert {state.path for state in again(journal).states()} == set(NAMES)
    assert "large.py has too many lines" in journal.complaints()[0]


def test_what_a_hook_raises_is_not_hidden(journal):
    """Also if what it has seen can't be written."""
    files = journal.folder / "files"

    def hook():
        with journal.locked():
            journal.save(State(NAMES[0]))
            files.rename(journal.folder / "away")
            files.write_bytes(b"")  # no folder any more
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        hook()

    files.unlink()
    with journal.locked():
        journal.save(State("next.py", [b"12345678"], ["x"]))
    assert [state.path for state in again(journal).states()] == ["next.py"]
