from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.attribution import decide
from aiprov_otel.history.evidence import commit_message
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.squash_message import find_listing
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.policy import Policy

ADA = "Ada Lovelace <ada@example.org>"
CLAUDE = "Co-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>"
TABLE = Table()


def decided(*lines, **policy):
    """What is decided about a commit whose message has these *lines*."""
    commit = Commit("a" * 40, ADA, ADA, None, "\n".join(lines))
    return decide(commit, commit_message.find_marks(commit, TABLE), Policy.of(policy))


def forge(*bodies, tail=()):
    """The message of a squash of commits with these *bodies*."""
    listed = [line for n, body in enumerate(bodies) for line in (f"* Do {n}", "", *body, "")]
    return ("Do all of it (#12)", "", *listed, *(("---------", "", *tail) if tail else ()))


def test_some_of_the_listed_commits_are_marked():
    """
    Which lines came from which is not recorded: all are mixed, and the reason has the counts.
    """
    found = decided(*forge([CLAUDE], [], [CLAUDE]))

    assert found.provenance.origin == "mixed"
    assert found.provenance.evidence == "co-author"
    assert found.provenance.model == "claude-opus-4-6"
    assert "it is a squash of 3 commits, 2 of which are marked: mixed" in found.reason


def test_all_of_the_listed_commits_are_marked():
    """
    Where each says AI, so does the squash.
    """
    assert decided(*forge([CLAUDE], [CLAUDE])).provenance.origin == "ai"


def test_a_mark_that_the_forge_gathered_below_the_list():
    """
    A co-author of the request is one of some of its commits, and it is unknown of which.
    """
    found = decided(*forge([], [], tail=[CLAUDE]))

    assert found.provenance.origin == "mixed"
    assert "2 commits, 0 of which" in found.reason


def test_a_mark_above_the_list():
    """
    A mark before the list is about the whole.
    """
    first, *others = forge([], [])

    assert decided(first, "", CLAUDE, *others).provenance.origin == "ai"


def test_the_policy_may_decide_otherwise():
    """
    `origin_of` is what counts where a team has said it.
    """
    message = forge([CLAUDE], [])

    assert decided(*message, origin_of={"co-author": "ai"}).provenance.origin == "ai"


def test_a_squash_of_git():
    """
    `git merge --squash` lists commits in its own way.
    """
    listed = ("Squashed commit of the following:", "", f"commit {'a' * 40}", "", "    Do it", "")
    second = (f"commit {'b' * 40}", "", "    Do more", "", f"    {CLAUDE}")

    assert decided(*listed, *second).provenance.origin == "mixed"


@pytest.mark.parametrize(
    "message",
    [
        ("Do it", "", "* one", "", "* two", "", CLAUDE),  # no request: a list of points
        ("Do it (#12)", "", "* one", "* two", "* three", "", CLAUDE),  # no blank lines between
        ("Do it (#12)", "", "* one", "", CLAUDE),  # one alone
        ("Do it (#12)", "", "- one", "", "- two", "", CLAUDE),
    ],
)
def test_a_message_that_lists_no_commits(message):
    """
    The points that a message makes are no commits, and its mark is about all of it.
    """
    assert decided(*message).provenance.origin == "ai"


@given(st.lists(st.sampled_from(["", "* a", "-----", "a (#1)", CLAUDE]) | st.text(max_size=5)))
def test_any_message_can_be_read(lines):
    """
    Reading never fails, and no more commits are marked than are listed.
    """
    found = find_listing(lines)

    assert not found or found.marked(range(len(lines) + 1)) <= len(found.starts)
