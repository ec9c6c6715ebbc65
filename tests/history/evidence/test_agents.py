from __future__ import annotations

import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence import commit_message
from aiprov_otel.history.evidence.agents import Rule, Table, load_rules
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.policy import Policy

ADA = "Ada Lovelace <ada@example.org>"
DATA = resources.files("aiprov_otel.history.evidence") / "data" / "agents.json"
EXAMPLES = {row["id"]: row["example"] for row in json.loads(DATA.read_text("utf-8"))}

MINE = {"agent": "mine", "kind": "trailer", "role": "generated"}

# What the text itself names, for the load_rules that do not.
NAMED = {
    "anthropic-noreply-other-model": (None, "gpt-5.3-codex"),
    "grok": ("cursor", "grok-4.5"),
    "entire-checkpoint": (None, None),
    "entire-agent": ("claude-code", None),
    "whogitit": (None, "claude-opus-4-5"),
    "assisted-by-kernel": ("claude-code", "claude-3-opus"),
    "assisted-by-via": ("crush", "glm-5"),
    "assisted-by-free": ("chatgpt", "gpt-5"),
    "generated-by": ("claude-code", "claude-opus-4-6"),
    "ai-assistant": (None, "claude-opus-4-6"),
    "co-developed-by": ("cursor", None),
    "prose-assisted": ("cursor", None),
    "co-authored-by-ai": ("claude-code", "claude-sonnet-4-6"),
    "author-suffix": (None, "claude-sonnet-4"),
}


def commit_of(rule):
    """A commit that carries the example of *rule* where it belongs."""
    example = EXAMPLES[rule.id]
    author = example if rule.kind == "author" else ADA
    committer = example if rule.kind == "committer" else ADA
    body = example if rule.kind in {"trailer", "message"} else ""
    message = body if rule.pattern.pattern.startswith(r"\A") else f"Add it\n\nWhy.\n\n{body}\n"
    return Commit("0" * 40, author, committer, None, message)


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_each_row_recognizes_its_own_example(rule):
    """
    The real mark that a row was made from is read as the row says: kind, role, agent, model.
    """
    [mark] = commit_message.find_marks(commit_of(rule), Table())

    assert mark.evidence is rule.evidence
    assert mark.agent == (rule.agent or NAMED[rule.id][0])
    if rule.agent is None:
        assert mark.model == NAMED[rule.id][1]


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_a_mark_shows_no_person(rule):
    """
    The text that is shown holds no mail, no URL and no person.
    """
    [mark] = commit_message.find_marks(commit_of(rule), Table())

    assert "@" not in mark.text
    assert "://" not in mark.text
    assert "Jane" not in mark.text


def test_the_table_is_complete():
    """
    The package ships every row of its research, each with an id of its own.
    """
    assert len(load_rules()) == len(EXAMPLES) >= 98


def test_a_user_s_rows_come_first():
    """
    `extra_agents` may say more of a mark than the package knows.
    """
    row = {"id": "ours", "agent": "our-bot", "kind": "trailer", "role": "co-authored"}
    policy = Policy.of({"extra_agents": [{**row, "pattern": "^Co-authored-by: Claude"}]})
    message = "Add it\n\nCo-authored-by: Claude <noreply@anthropic.com>"

    [mark] = commit_message.find_marks(
        Commit("0" * 40, ADA, ADA, None, message), Table(policy.extra_agents)
    )

    assert (mark.rule, mark.agent) == ("ours", "our-bot")


@given(
    st.sampled_from([*EXAMPLES.values(), "word", ""]),
    st.sampled_from(["", " ", "- ", "* ", "see ", ": "]),
    st.text(max_size=6),
)
def test_looking_at_all_rules_at_once_misses_none(example, before, after):
    """
    The quick look rules out exactly the lines that no rule matches, wherever a match begins.
    """
    rules = (
        Rule.of({**MINE, "id": "anywhere", "pattern": "by (?P<agent>robots)|word$"}),
        Rule.of({**MINE, "id": "either", "pattern": r"^see|[)|(]:\)"}),
    )
    for extra in ((), rules):
        table = Table(extra)
        for line in (before + example + after).splitlines():
            found = any(rule.pattern.search(line) for rule in table.lines)
            assert table.any_line(line) == found
