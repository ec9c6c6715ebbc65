from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence import commit_message
from aiprov_otel.history.evidence.agents import Table, load_rules
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.values import Evidence

ADA = "Ada Lovelace <ada@example.org>"
TABLE = Table()

PEOPLE = [
    "Claude Dioudonnat <claude@dioudonnat.fr>",
    "Claude <claude@example.org>",
    "Devin Smith <devin@example.org>",
    "Devin <devin@example.org>",
    "Jules Verne <jules@example.org>",
    "Cody Rhodes <cody@example.org>",
    "Marshall Cline <cline@example.org>",
    "Kimi Virtanen <kimi@example.org>",
    "gemini-cli-robot <gemini-cli-robot@google.com>",
    "Somebody <noreply@google.com>",
    "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
    "renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>",
    "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>",
    "pre-commit-ci[bot] <66853113+pre-commit-ci[bot]@users.noreply.github.com>",
    "Jane <jane@anthropic.com>",
    "Amazon Quentin <q@example.org>",
]
LINES = [
    "Assisted-by: Daniel Gustafsson",
    "Assisted-by: Jay Satiro",
    "Assisted-by: Claude Dioudonnat",
    "Assisted-by: Claude Dioudonnat <claude@dioudonnat.fr>",
    "Assisted-by: Claude <claude@dioudonnat.fr>",
    "Assisted-by: Marshall Cline",
    "Assisted-by: mongoose maintainers",
    "Co-developed-by: Jules Verne <jules@example.org>",
    "Co-developed-by: Ada Lovelace <ada@example.org>",
    "Generated-by: protoc",
    "Generated-by: none",
    "Reviewed-by: gpt-5.4",
    "Approved-by: Claude Opus 4.6",
    "Signed-off-by: Claude <noreply@anthropic.com>",
    "Reported-by: Devin <devin@example.org>",
    "Written by Cursor Bugbot for commit 123abc. This will update automatically on new commits.",
    "Written by Cursor Bugbot",
    "not generated with Codex",
    "This was not generated with Claude Code",
    "Created with cursor pagination in mind",
    "Assisted by Devin Smith",
    "AI-assistant: none",
    "AI-assistant: no",
    "AI-generated: false",
    "AI-assisted: N/A",
    "AI agent: fix the prompt of the planner",
    "Replit-Commit-Author: Deployment",
    "> Co-authored-by: Claude <noreply@anthropic.com>",
]
REVIEWS = [
    "Co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>",
    "Co-authored-by: coderabbitai[bot] <136622811+coderabbitai[bot]@users.noreply.github.com>",
    "Co-authored-by: Gemini <176961590+gemini-code-assist[bot]@users.noreply.github.com>",
]


def found(message="Add it", author=ADA, committer=ADA):
    """The marks of a commit."""
    return commit_message.find_marks(Commit("0" * 40, author, committer, None, message), TABLE)


@pytest.mark.parametrize("who", PEOPLE)
def test_people_and_ordinary_bots_are_no_agents(who):
    """
    A person with a model's name, as author or as co-author, is a person.
    """
    assert found(author=who, committer=who) == []
    assert found(f"Add it\n\nCo-authored-by: {who}\n") == []


@pytest.mark.parametrize("line", LINES)
def test_lines_that_only_look_like_marks(line):
    """
    Credit to people, reviews, negations and prose do not mark a commit.
    """
    assert found(f"Add it\n\n{line}\n") == []


@pytest.mark.parametrize("line", REVIEWS)
def test_an_accepted_suggestion_is_shown_and_does_not_mark(line):
    """
    A review suggestion is a few lines of a commit, and says nothing about the others.
    """
    [mark] = found(f"Add it\n\n{line}\n")

    assert mark.evidence is None


def test_a_committer_s_suffix_does_not_mark():
    """
    Aider commits a person's own changes under its committer name: that is not authorship.
    """
    [mark] = found(committer="Jane Doe (aider) <jane@example.org>")

    assert (mark.evidence, mark.where, mark.text) == (None, "committer", "aider")


def test_trailers_are_found_anywhere_in_the_message():
    """
    In a squash, marks stand indented, bulleted and far above git's own block of trailers.
    """
    message = (
        "Add it (#12)\n\n* First\n\n    Co-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"
        "* Second\n  - co-authored by: Cursor <cursoragent@cursor.com>\n\nThe end.\n\nFixes: #1\n"
    )

    assert [(mark.agent, mark.where) for mark in found(message)] == [
        ("claude-code", "line 5 of the message"),
        ("cursor", "line 7 of the message"),
    ]


def test_line_breaks_that_the_shell_left_in():
    """
    A message written as "Add it\\n\\nAssisted-by: …" by a shell is read as it was meant.
    """
    [mark] = found(r"Add it\n\nAssisted-by: Claude:claude-opus-4-6\n")

    assert (mark.agent, mark.model) == ("claude-code", "claude-opus-4-6")


@pytest.mark.parametrize(
    ("value", "agent", "model"),
    [
        ("Claude:claude-3-opus coccinelle sparse", "claude-code", "claude-3-opus"),
        ("OpenCode:qwen3.6:27b-coding-nvfp4", "opencode", "qwen3.6-27b-coding-nvfp4"),
        ("Crush:AWS Claude Opus 4.6", "crush", "claude-opus-4-6"),
        ("Claude Code <jane@example.org>", "claude-code", None),
        ("Claude Opus 4.6 <noreply@anthropic.com>", None, "claude-opus-4-6"),
        ("generic LLM chatbot", None, None),
        ("GitHub Copilot", "github-copilot", None),
        ("Copilot (GPT-5.4)", "github-copilot", "gpt-5.4"),
    ],
)
def test_assisted_by_in_the_wild(value, agent, model):
    """
    The kernel's form and the free ones name their tool and their model.
    """
    [mark] = found(f"Add it\n\nAssisted-by: {value}\n")

    assert (mark.evidence, mark.agent, mark.model) == (Evidence.ASSISTED_BY, agent, model)


@pytest.mark.parametrize("value", ["yes", "true", "60%", "Claude Opus 4.6", "Cursor"])
def test_a_key_that_says_ai_may_be_answered_with_yes(value):
    """
    `AI-assisted: yes` is a mark, although it names no tool.
    """
    [mark] = found(f"Add it\n\nAI-assisted: {value}\n")

    assert mark.evidence is Evidence.ASSISTED_BY


@given(st.text(), st.text(), st.text())
def test_searching_any_commit_never_raises(message, author, committer):
    """
    The search never raises, whatever people write.
    """
    found(message, author, committer)


@given(st.lists(st.sampled_from([rule.id for rule in load_rules()]) | st.text(), max_size=5))
def test_searching_what_is_nearly_a_trailer_never_raises(parts):
    """
    A line that is nearly a trailer never raises either.
    """
    found(
        "Add it\n\n" + "\n".join(f"Co-authored-by: {part} <noreply@anthropic.com" for part in parts)
    )
    found("Add it\n\n" + "\n".join(f"Assisted-by: Claude {part}:" for part in parts))
