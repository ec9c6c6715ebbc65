"""How a unit is decided over its lines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.manifest import decide, unit_lines
from aiprov_otel.values import Evidence, Match, Origin
from support.application import AI, HUMAN, MIXED, UNKNOWN

LINES = {"a": AI, "h": HUMAN, "m": MIXED, "u": UNKNOWN}


@pytest.mark.parametrize(
    ("lines", "origin", "ratio"),
    [
        ("", "unknown", None),
        ("a", "ai", 1.0),
        ("h", "human", 0.0),
        ("u", "unknown", None),
        ("m", "mixed", 0.5),
        ("aaaah", "ai", 0.8),
        ("hhhha", "human", 0.2),
        ("aaah", "mixed", 0.75),
        ("hhha", "mixed", 0.25),
        ("ah", "mixed", 0.5),
        ("au", "ai", 1.0),
        ("hu", "human", 0.0),
        ("auu", "unknown", None),
        ("ahuu", "mixed", 0.5),
        ("ahuuu", "unknown", None),
        ("aaam", "ai", 0.875),
        ("hhhm", "human", 0.125),
        ("hm", "mixed", 0.25),
        ("mmu", "mixed", 0.5),
    ],
)
def test_the_share_of_the_known_lines_decides(lines, origin, ratio):
    """
    From 80% on it is one or the other, between it is mixed; mostly unknown lines are unknown.
    """
    unit = decide(LINES[each] for each in lines)

    assert (unit.origin, unit.ai_ratio) == (origin, ratio)


@given(st.lists(st.sampled_from([AI, HUMAN, MIXED, UNKNOWN]), max_size=30))
def test_the_order_of_the_lines_does_not_matter(lines):
    """
    The same lines in another order give the same unit.
    """
    assert decide(lines) == decide(reversed(lines))


def test_an_unknown_unit_names_nobody():
    """
    Where most lines are unknown, the others' agent and commit are not claimed.
    """
    unit = decide([AI, UNKNOWN, UNKNOWN])

    assert (unit.agent, unit.model, unit.commit, unit.time) == (None, None, None, None)
    assert unit.evidence is Evidence.NONE
    assert unit.match is Match.EXACT


def test_the_winning_origin_says_the_rest():
    """
    A human unit with one line of a model has the commit of its human lines, newer or not.
    """
    unit = decide([HUMAN, HUMAN, HUMAN, HUMAN, AI])

    assert (unit.commit, unit.agent, unit.evidence) == (HUMAN.commit, None, Evidence.UNMARKED)


def test_an_ai_unit_has_the_evidence_of_its_ai_lines():
    """
    A newer line that was only assisted does not lend an AI unit its commit.
    """
    newer = replace(MIXED, time="2027-01-01T00:00:00Z")

    assert decide([AI] * 9 + [newer]).evidence is Evidence.CO_AUTHOR


def test_a_mixed_unit_has_the_commit_of_its_ai_lines():
    """
    Of a mixed unit, the model's lines say agent, model and commit.
    """
    unit = decide([replace(HUMAN, time="2027-01-01T00:00:00Z"), AI])

    assert (unit.origin, unit.commit, unit.model) == (Origin.MIXED, AI.commit, AI.model)


def test_the_newest_commit_wins():
    """
    Commit, time and evidence are those of the commit that landed last.
    """
    old, new = AI, replace(AI, commit="b" * 40, time="2026-06-01T00:00:00Z")
    unit = decide([old, old, old, replace(new, evidence=Evidence.FOOTER)])

    assert (unit.commit, unit.time) == (new.commit, new.time)
    assert unit.evidence is Evidence.FOOTER


def test_the_agent_with_most_lines_wins():
    """
    Agent and model are those of most lines, whoever came last.
    """
    late = replace(AI, agent="cursor", model="m", provider=None, time="2026-06-01T00:00:00Z")
    unit = decide([AI, AI, late])

    assert (unit.agent, unit.model, unit.provider) == (AI.agent, AI.model, AI.provider)
    assert unit.time == late.time


def test_a_tie_of_agents_is_broken_by_name():
    """
    With as many lines each, the answer is the same every time.
    """
    other = replace(AI, agent="zed", model=None)

    assert decide([AI, other]).agent == decide([other, AI]).agent == "zed"


SOURCE = '''
@first
@second(
    1,
)
def decorated(a=0):
    """Two lines

    of a docstring."""

    # a comment
    total = (
        a +
        1
    )

    return total

def plain():
    return 1

def one(): return 1

named = deco(lambda: 1)

@deco(lambda: 1)
async def later():
    yield 1
'''


def codes():
    """The code objects of the source above, by name, and the lines of its decorators."""
    module = compile(SOURCE, "x.py", "exec")
    return {each.co_name: each for each in module.co_consts if hasattr(each, "co_lines")}


def test_blank_lines_comments_and_decorators_do_not_vote():
    """
    A unit is the lines that carry its bytecode, without its decorators.
    """
    decorators = {2, 3, 26}
    found = codes()

    assert unit_lines(found["decorated"], decorators) == {12, 13, 14, 17}
    assert unit_lines(found["plain"], decorators) == {19, 20}
    assert unit_lines(found["one"], decorators) == {22}
    assert unit_lines(found["later"], decorators) == {28}


def test_a_lambda_in_a_decorator_has_its_line():
    """
    A function that stands wholly in a decorator is not left without a line.
    """
    assert unit_lines(codes()["<lambda>"], {26}) == {26}
