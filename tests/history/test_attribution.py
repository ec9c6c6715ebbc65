from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aiprov_otel.history.attribution import decide
from aiprov_otel.history.evidence import commit_message
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.policy import Policy
from aiprov_otel.values import Evidence, Origin

ADA = "Ada Lovelace <ada@example.org>"
CLAUDE = "Claude <noreply@anthropic.com>"
ACTIONS = "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
DEPENDABOT = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
TRAILER = "Co-Authored-By: Claude Opus 4.6 (1M context) <noreply@anthropic.com>"
FOOTER = "🤖 Generated with [Claude Code](https://claude.com/claude-code)"
TABLE = Table()


def decided(*lines, author=ADA, when="2026-05-04T10:00:00+00:00", **policy):
    """What is decided about a commit with these *lines* in its message."""
    time = datetime.fromisoformat(when).astimezone(UTC)
    commit = Commit("a" * 40, author, ADA, time, "\n".join(("Add it", "", *lines)))
    return decide(commit, commit_message.find_marks(commit, TABLE), Policy.of(policy))


@pytest.mark.parametrize(
    ("lines", "author", "evidence", "origin"),
    [
        ([TRAILER], CLAUDE, Evidence.AGENT_AUTHOR, Origin.AI),
        ([FOOTER, TRAILER], ADA, Evidence.CO_AUTHOR, Origin.AI),
        (["Generated-by: Claude Code", FOOTER], ADA, Evidence.GENERATED_BY, Origin.AI),
        ([FOOTER, "Entire-Agent: Claude Code"], ADA, Evidence.SESSION, Origin.AI),
        ([FOOTER, "Assisted-by: ChatGPT"], ADA, Evidence.FOOTER, Origin.AI),
        (["Assisted-by: ChatGPT"], ADA, Evidence.ASSISTED_BY, Origin.MIXED),
        (["🤖 Generated with Codex"], ADA, Evidence.FOOTER, Origin.AI),
        (["Assisted-by: ChatGPT"], CLAUDE, Evidence.AGENT_AUTHOR, Origin.AI),
        (["Assisted-by: ChatGPT"], ACTIONS, Evidence.ASSISTED_BY, Origin.AI),
        ([], DEPENDABOT, Evidence.NONE, Origin.UNKNOWN),
        ([], ADA, Evidence.UNMARKED, Origin.UNKNOWN),
    ],
)
def test_the_strongest_evidence_decides(lines, author, evidence, origin):
    """
    Of all that is found on a commit, the first in the order of evidence gives the origin.
    """
    provenance = decided(*lines, author=author).provenance

    assert (provenance.evidence, provenance.origin) == (evidence, origin)


def test_an_agent_that_names_a_person_as_its_co_author():
    """
    Where an agent is the author and the person the co-author, the agent wrote it.
    """
    found = decided(f"Co-authored-by: {ADA}", author=CLAUDE)

    assert found.provenance.origin is Origin.AI
    assert len(found.marks) == 1


def test_the_model_may_stand_in_a_weaker_mark():
    """
    The author says who, the trailer of the same agent which model.
    """
    provenance = decided(FOOTER, TRAILER, author=CLAUDE).provenance

    assert provenance.evidence is Evidence.AGENT_AUTHOR
    assert (provenance.agent, provenance.model) == ("claude-code", "claude-opus-4-6")
    assert provenance.provider == "anthropic"


def test_the_model_of_another_agent_is_not_taken():
    """
    Cursor's lines are not given the model that Claude's trailer names.
    """
    provenance = decided("Co-authored-by: Cursor <cursoragent@cursor.com>", TRAILER).provenance

    assert (provenance.agent, provenance.model) == ("cursor", None)


def test_what_predates_assistants_is_human():
    """
    A commit that landed before the first public assistant is a person's, by committer time in UTC.
    """
    last = decided(when="2021-06-29T01:00:00+02:00").provenance
    first = decided(when="2021-06-29T00:00:00+00:00").provenance

    assert (last.origin, last.evidence) == (Origin.HUMAN, Evidence.PREDATES_AI)
    assert (first.origin, first.evidence) == (Origin.UNKNOWN, Evidence.UNMARKED)


def test_a_bot_is_no_person_at_any_time():
    """
    What a bot committed in 2019 is not a person's either.
    """
    assert decided(author=DEPENDABOT, when="2019-01-01T00:00:00+00:00").provenance.origin is (
        Origin.UNKNOWN
    )


def test_a_team_that_marks_its_work():
    """
    With `unmarked = "human"`, silence is a person.
    """
    provenance = decided(unmarked="human").provenance

    assert (provenance.origin, provenance.evidence) == (Origin.HUMAN, Evidence.UNMARKED)


@pytest.mark.parametrize(
    ("when", "origin"),
    [("2025-05-31T23:59:59+00:00", Origin.UNKNOWN), ("2025-06-01T00:00:00+00:00", Origin.HUMAN)],
)
def test_a_team_that_marks_its_work_since(when, origin):
    """
    With `unmarked_human_since`, silence is a person from that day on.
    """
    assert decided(when=when, unmarked_human_since="2025-06-01").provenance.origin is origin


def test_a_team_may_read_a_kind_of_evidence_otherwise():
    """
    `origin_of` changes what a kind of evidence gives, and nothing else.
    """
    provenance = decided("Assisted-by: ChatGPT", origin_of={"assisted-by": "ai"}).provenance

    assert (provenance.origin, provenance.evidence) == (Origin.AI, Evidence.ASSISTED_BY)


def test_what_does_not_mark_is_shown_all_the_same():
    """
    An accepted review suggestion stands among the marks and decides nothing.
    """
    found = decided("Co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>")

    assert len(found.marks) == 1
    assert found.deciding is None
    assert found.provenance.evidence is Evidence.UNMARKED


def test_a_decision_says_why():
    """
    The reason names what decided and, where it is the policy, what the policy says.
    """
    assert "line 3 of the message" in decided(TRAILER).reason
    assert 'unmarked = "unknown"' in decided().reason
    assert "2025-06-01" in decided(unmarked_human_since="2025-06-01").reason
    assert "2021-06-29" in decided(when="2020-01-01T00:00:00+00:00").reason
    assert "bot" in decided(author=DEPENDABOT).reason
