from __future__ import annotations

import json

import pytest

from aiprov_otel.errors import UsageError

MESSAGE = """Add it

🤖 Generated with [Claude Code](https://claude.com/claude-code)

Co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>
Co-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>
Claude-Session: https://claude.ai/code/session_01abc
"""


def test_the_chain_for_a_person(repo, aiprov):
    """
    A person reads each evidence, where it stands, and which of them decided.
    """
    commit = repo.commit("a.py", "a = 1\n", MESSAGE)

    status, out = aiprov("explain", f"{repo.path / 'a.py'}:1")

    assert status == 0
    assert out.splitlines() == [
        "a.py:1  ai (claude-code, claude-opus-4-6)",
        "  committed 2026-05-04T10:00:00Z",
        f"  git: the line is of {commit}",
        "  line 3 of the message: 🤖 Generated with [Claude Code]  [footer]",
        "  line 5 of the message: Co-authored-by: Copilot  [does not mark the commit]",
        "  line 6 of the message: Co-Authored-By: Claude Opus 4.6  [co-author, decides]",
        "  line 7 of the message: Claude-Session:  [session]",
        "  policy: co-author (line 6 of the message) is the strongest evidence: ai",
    ]


def test_the_chain_for_a_program(repo, aiprov):
    """
    A program reads the line as `blame` gives it, and the chain; no mail and no URL is in it.
    """
    commit = repo.commit("a.py", "a = 1\n", MESSAGE)

    out = aiprov("explain", f"{repo.path / 'a.py'}:1", "--json")[1]
    told = json.loads(out)

    assert (told["origin"], told["commit"], told["match"]) == ("ai", commit, "exact")
    assert [step["step"] for step in told["chain"]] == [
        "line", *["evidence"] * 4, "decision",
    ]  # fmt: skip
    assert [step["decides"] for step in told["chain"][1:5]] == [False, False, True, False]
    assert "@" not in out
    assert "://" not in out


def test_what_policy_said(repo, aiprov):
    """
    Where nothing marks a line, the policy is what is told.
    """
    repo.commit("a.py", "a = 1\n")

    out = aiprov("explain", f"{repo.path / 'a.py'}:1")[1]

    assert 'nothing marks it, and the policy is unmarked = "unknown"' in out


def test_a_line_that_is_not_committed(repo, aiprov):
    """
    An uncommitted line has no commit, and the chain says so.
    """
    repo.commit("a.py", "a = 1\n")
    repo.write("a.py", "a = 2\n")

    assert "the line is not committed yet" in aiprov("explain", f"{repo.path / 'a.py'}:1")[1]


def test_a_manifest_knows_the_result_only(repo, aiprov, tmp_path):
    """
    Without git, the chain is as long as what the manifest holds.
    """
    repo.commit("a.py", "a = 1\n", MESSAGE)
    aiprov("build", repo.path, "--output", tmp_path / "m")

    out = aiprov("explain", f"{repo.path / 'a.py'}:1", "--manifest", tmp_path / "m")[1]

    assert "co-author decided when the manifest was built: ai" in out


@pytest.mark.parametrize("where", ["a.py", "a.py:", "a.py:x", ":3", "a.py:-1"])
def test_what_is_no_file_and_line(aiprov, where):
    """
    The message shows how it is written.
    """
    with pytest.raises(UsageError, match=r"write it like src/shop/cart\.py:42"):
        aiprov("explain", where)


@pytest.mark.parametrize("number", [0, 2])
def test_a_line_that_is_not_there(repo, aiprov, number):
    """
    The message says how many lines there are.
    """
    repo.commit("a.py", "a = 1\n")

    with pytest.raises(UsageError, match=f"has 1 line; there is no line {number}"):
        aiprov("explain", f"{repo.path / 'a.py'}:{number}")
