from __future__ import annotations

from dataclasses import replace

from aiprov_otel.stacktrace.annotate import describe, format_trace
from aiprov_otel.stacktrace.frames import Frame, Line
from aiprov_otel.values import Match, Provenance
from support.application import AI, HUMAN


def test_each_frame_is_told_of_once():
    """
    Behind its first line, and not behind its source and its carets; a foreign one has nothing.
    """
    ours = Frame("a.py", 1, "f", replace(HUMAN, time=None))
    theirs = Frame("b.py", 1, "g", None)
    lines = [Line("one", ours), Line("two", ours), Line("three", theirs), Line("four", None)]

    assert list(format_trace(lines)) == ["one  <- human, 444444400", "two", "three", "four"]


def test_what_is_known_is_said_in_order():
    """
    Origin, agent and model, commit, age; what is not known is left out.
    """
    assert describe(replace(AI, time=None)) == "ai (claude-code, claude-opus-4-6), 9fd81c200"
    assert describe(HUMAN).startswith("human, 444444400, ")
    assert describe(HUMAN).endswith(" old")
    assert describe(Provenance()) == "unknown"


def test_a_file_that_was_changed_says_why_nothing_is_known():
    """
    A stale file is not blamed on the wrong line, and the reader sees why.
    """
    assert describe(Provenance(match=Match.STALE)) == "unknown (changed since the build)"


def test_a_name_steers_no_terminal():
    """
    A manifest may come with a package of somebody else.
    """
    assert describe(Provenance(agent="\x1b[2Jx")) == "unknown ([2Jx)"
