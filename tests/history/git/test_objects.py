from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.git.objects import parse_commit, parse_commits
from aiprov_otel.history.git.repository import Git


def test_a_commit_is_read_whole(repo):
    """
    Author, committer, committer time and the raw message arrive as they were written.
    """
    name = repo.commit("a.py", "x = 1\n", "Subject\n\n  body\n", committer="Bob <bob@example.org>")

    commit = parse_commits(Git.open(repo.path).objects([name]))[name]

    assert commit.author == "Ada Lovelace <ada@example.org>"
    assert commit.committer == "Bob <bob@example.org>"
    assert commit.time == "2026-05-04T10:00:00Z"
    assert commit.message == "Subject\n\n  body\n"


def test_an_object_that_is_missing_is_left_out(repo):
    """
    A commit that a partial clone lacks is absent, and the others are there.
    """
    name = repo.commit("a.py", "x = 1\n")

    assert set(parse_commits(Git.open(repo.path).objects(["f" * 40, name]))) == {name}


def test_a_message_in_another_encoding(repo):
    """
    A message is decoded as the commit says it was encoded.
    """
    repo.git("config", "i18n.commitEncoding", "latin-1")
    name = repo.commit("a.py", "x = 1\n", "Caf\xe9".encode("latin-1"))

    assert parse_commits(Git.open(repo.path).objects([name]))[name].message == "Caf\xe9"


def test_an_encoding_that_does_not_exist():
    """
    A commit with a wrong encoding is read all the same.
    """
    raw = b"author A <a@x> 0 +0000\ncommitter A <a@x> 0 +0000\nencoding klingon\n\nHi \xff"

    assert parse_commit("a" * 40, raw).message == "Hi \N{REPLACEMENT CHARACTER}"


def test_the_lines_of_a_signature_are_no_headers():
    """
    What a signature holds is not mistaken for the commit's author.
    """
    raw = (
        b"author A <a@x> 1 +0000\ngpgsig x\n author B <b@x>\n \n y\ncommitter C <c@x> 2 +0000\n\nHi"
    )

    commit = parse_commit("a" * 40, raw)

    assert (commit.author, commit.committer, commit.message) == ("A <a@x>", "C <c@x>", "Hi")


def test_a_time_that_can_not_be():
    """
    A commit from beyond the calendar has no time.
    """
    assert parse_commit("a" * 40, b"committer A <a@x> 99999999999999999 +0000\n\n").time is None


@given(st.binary())
def test_parsing_any_commit_never_raises(raw):
    """
    The parser never raises, whatever it is given.
    """
    parse_commit("a" * 40, raw)
    parse_commits([raw])


@given(st.text(), st.binary())
def test_parsing_any_encoding_never_raises(encoding, message):
    """
    A commit that names any encoding never raises either.
    """
    named = encoding.replace("\n", "").encode("utf-8", "replace")
    parse_commit("a" * 40, b"encoding " + named + b"\n\n" + message)
