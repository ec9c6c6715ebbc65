from __future__ import annotations

import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence import commit_message, places, trailers
from aiprov_otel.history.evidence.agents import Agent, Table, load_agents, load_table, normalize_key
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.policy import Policy
from aiprov_otel.values import Evidence

ADA = "Ada Lovelace <ada@example.org>"
ROWS = load_agents()
# What the text itself names, for the rows that do not.
NAMED = {
    "Co-Authored-By: gpt-5.3-codex-high <noreply@anthropic.com>": (None, "gpt-5.3-codex"),
    "Co-authored-by: GPT-5.2 <noreply@openai.com>": (None, "gpt-5.2"),
    "Entire-Checkpoint: 0e6b66910244": (None, None),
}


def commit_of(example):
    """A commit that carries *example* where it belongs."""
    key = trailers.split_trailer(example)[0]
    author = ADA if key else example
    return Commit("0" * 40, author, ADA, None, f"Add it\n\nWhy.\n\n{example}\n")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.agent or row.example)
def test_each_row_recognizes_its_own_example(row):
    """
    The real mark that a row was made from is read as the row says: agent, model, role.
    """
    [mark] = commit_message.find_marks(commit_of(row.example), load_table())

    agent, model = NAMED.get(row.example, (row.agent, mark.model))
    hosted = row.hosted if mark.where == "author" else None
    assert (mark.agent, mark.model) == (hosted or agent, model)
    assert (mark.evidence is None) == (row.role == "review")
    assert row.role != "assisted" or mark.evidence is Evidence.ASSISTED_BY


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.agent or row.example)
def test_each_identity_of_a_row_leads_to_it(row):
    """
    Every address, bot, trailer and session of a row is found, as an author or in the message.
    """
    table = load_table()
    name = row.names[0] if row.names else "Somebody"
    bots = (f"{'' if '+' in bot else '1+'}{bot}@users.noreply.github.com" for bot in row.bots)
    beside = (f"x{mail}" if mail.startswith("@") else mail for mail in row.beside_name)

    for mail in (*row.mails, *bots, *beside):
        assert table.by_address(name, mail.lower()).id == row.id
    for session in row.sessions:
        assert table.by_session(session.replace("*", "abc123")).id == row.id
    for key in (*row.keys, *row.session_keys):
        assert table.by_key[normalize_key(key.partition(":")[0])] == row
    for branch in row.branches:
        assert table.by_branch(f"{branch}fix-it") == row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.agent or row.example)
def test_a_mark_shows_no_person(row):
    """
    The text that is shown holds no mail and no URL.
    """
    [mark] = commit_message.find_marks(commit_of(row.example), load_table())

    assert "@" not in mark.text
    assert "://" not in mark.text


def test_a_row_is_one_agent():
    """
    No two rows are of the same agent, no name leads to two, and none has a key that is not read.
    """
    data = resources.files("aiprov_otel.history.evidence") / "data" / "agents.json"
    rows = json.loads(data.read_text("utf-8"))
    slugs = [row.agent for row in ROWS if row.agent]

    assert len(set(slugs)) == len(slugs)
    assert [Agent.of(row) for row in rows] == list(ROWS)


def test_a_user_s_rows_come_first():
    """
    A new agent is one row, the same in `extra_agents`; it may say more than the package knows.
    """
    row = {"agent": "our-bot", "names": ["Our Bot"], "mails": ["noreply@anthropic.com"]}
    table = Table(Policy.of({"extra_agents": [row]}).extra_agents)
    messages = (
        "Co-authored-by: Claude <noreply@anthropic.com>",
        "Generated with Our Bot (Opus 4.6)",
        "Assisted-by: our-bot:claude-opus-4-6",
    )

    marks = [
        commit_message.find_marks(Commit("0" * 40, ADA, ADA, None, f"Add it\n\n{text}"), table)
        for text in messages
    ]

    assert [mark.agent for [mark] in marks] == ["claude-code", "our-bot", "our-bot"]
    assert [mark.model for [mark] in marks[1:]] == ["claude-opus-4-6"] * 2


@given(
    st.sampled_from([row.example for row in ROWS]),
    st.sampled_from(["", " ", "- ", "* ", "see ", ": "]),
    st.text(max_size=6),
)
def test_a_quick_look_misses_no_line(example, before, after):
    """
    The quick look rules out only lines that have no mark.
    """
    table = load_table()
    for line in (before + example + after).splitlines():
        if places.read_line(line, 2, table):
            assert table.may_mark(line)


def test_a_digest_tells_that_a_row_has_changed():
    """
    The manifest holds a digest of a user's row, and no address.
    """
    row = Agent.of({"agent": "ours", "mails": ["x@example.org"]})

    assert row.digest != row._replace(mails=("y@example.org",)).digest
    policy = Policy(extra_agents=(row,)).to_json()
    assert policy["extra_agents"] == [{"agent": "ours", "digest": row.digest}]
