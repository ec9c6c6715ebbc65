from __future__ import annotations

import json
import os
import re

import pytest

from aiprov_otel.errors import UsageError
from aiprov_otel.history.git.process import Processes

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
    first, committed, *steps = out.splitlines()
    assert first == "a.py:1  ai (claude-code, claude-opus-4-6)"
    assert re.fullmatch(r"  committed 2026-05-04T10:00:00Z, .+ ago", committed)
    assert steps == [
        f"  git: line 1 of a.py in {commit}, whose author is a person",
        "  line 3 of the message: 🤖 Generated with [Claude Code]  [footer, alone would mean: ai]",
        "  line 5 of the message: Co-authored-by: Copilot  [does not mark the commit]",
        "  line 6 of the message: Co-Authored-By: Claude Opus 4.6  [co-author, decides: ai]",
        "  line 7 of the message: Claude-Session:  [session, alone would mean: ai]",
        "  policy: co-author (line 6 of the message) is the strongest evidence: ai",
        '  policy: without any mark: unknown (nothing marks it, and the policy is unmarked = "unknown")',  # noqa: E501
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
        "line", *["evidence"] * 4, "decision", "otherwise",
    ]  # fmt: skip
    assert told["chain"][0]["author"] == "a person"
    assert [step["decides"] for step in told["chain"][1:5]] == [False, False, True, False]
    assert [step["says"] for step in told["chain"][1:5]] == ["ai", None, "ai", "ai"]
    assert told["chain"][-1]["says"] == "unknown"
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


@pytest.mark.parametrize(
    ("author", "said"),
    [
        ("Ada Lovelace <ada@example.org>", "a person"),
        ("dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>", "a bot that"),
        ("Cursor Agent <cursoragent@cursor.com>", "an agent (cursor"),
    ],
)
def test_the_author_is_a_class_and_not_a_person(repo, aiprov, author, said):
    """
    Whether a person, an agent or another bot is the author is told, and never who.
    """
    repo.commit("a.py", "a = 1\n", author=author)

    out = aiprov("explain", f"{repo.path / 'a.py'}:1")[1]

    assert f"whose author is {said}" in out
    assert "Ada" not in out
    assert "@" not in out


def test_a_line_that_has_moved_says_where_it_stood(repo, aiprov):
    """
    Through a renaming and lines above it, a line keeps the place where it was written.
    """
    written = repo.commit("shop/old.py", "a = 1\nb = 2\nc = 3\n", MESSAGE)
    repo.git("mv", "shop/old.py", "shop/new.py")
    repo.record("Rename it")
    repo.commit("shop/new.py", "z = 0\na = 1\nb = 2\nc = 3\n", "Put a line above")

    out = aiprov("explain", f"{repo.path / 'shop/new.py'}:3", "--json")[1]
    told = json.loads(out)

    assert (told["path"], told["line"], told["origin"]) == ("shop/new.py", 3, "ai")
    step = told["chain"][0]
    assert (step["commit"], step["path"], step["line"]) == (written, "shop/old.py", 2)


@pytest.mark.parametrize(("option", "origin"), [("-M", "ai"), ("-C", "ai"), (None, "unknown")])
def test_a_block_that_was_moved_within_its_file(repo, aiprov, option, origin):
    """
    With -M or -C, a block keeps its origin when it is moved; without, it is the mover's.
    """
    block = "".join(f"the_value_of_number_{n} = compute_it({n})\n" for n in range(8))
    rest = "".join(f"other_{n} = {n}\n" for n in range(20))
    repo.commit("a.py", block + rest, MESSAGE)
    repo.commit("a.py", rest + block, "Move it")
    options = [option] if option else []

    by_blame = aiprov("blame", repo.path / "a.py", "--porcelain", *options)[1].splitlines()

    assert by_blame[-1].split("\t")[1] == origin
    assert f"  {origin}" in aiprov("explain", f"{repo.path / 'a.py'}:28", *options)[1]


@pytest.mark.parametrize("where", ["a.py", "a.py:", "a.py:x", ":3", "a.py:-1"])
def test_what_is_no_file_and_line(aiprov, where):
    """
    The message shows how it is written.
    """
    with pytest.raises(UsageError, match=r"such as src/shop/cart\.py:42"):
        aiprov("explain", where)


@pytest.mark.parametrize("number", [0, 2])
def test_a_line_that_is_not_there(repo, aiprov, number):
    """
    The message says how many lines there are.
    """
    repo.commit("a.py", "a = 1\n")

    with pytest.raises(UsageError, match=f"has no line {number}, only 1 line"):
        aiprov("explain", f"{repo.path / 'a.py'}:{number}")


def test_a_record_about_single_lines(repo, aiprov):
    """
    A note decides for the line that it names; what the commit's own mark would say stands below it.
    """
    repo.commit("a.py", "a = 1\nb = 2\n", MESSAGE)
    note = {"sessions": {}, "humans": {"h_0123456789abcd": {"author": "Ada <ada@example.org>"}}}
    text = f"a.py\n  h_0123456789abcd 2\n---\n{json.dumps(note)}\n"
    repo.git(
        "-c", "user.name=A", "-c", "user.email=a@example.org",
        "notes", "--ref=ai", "add", "-F-", stdin=text.encode(),
    )  # fmt: skip

    out = aiprov("explain", f"{repo.path / 'a.py'}:2")[1]

    assert out.startswith("a.py:2  human\n")
    assert "  refs/notes/ai: " in out
    assert "[note, decides: human]" in out
    assert "Co-Authored-By: Claude Opus 4.6  [co-author, alone would mean: ai]" in out
    assert "Ada" not in out
    assert "h_0123" not in out  # a hash of her name and address
    assert aiprov("explain", f"{repo.path / 'a.py'}:1")[1].startswith("a.py:1  ai")


def test_no_answer_of_git_is_asked_for_twice(repo, aiprov, monkeypatch):
    """
    Git is started once for each thing that a line's chain needs of it.
    """
    repo.commit("a.py", "a = 1\n", MESSAGE)
    asked = []

    def run(self, command, *, stdin=b"", **options):
        asked.append((tuple(command), stdin))
        return started(self, command, stdin=stdin, **options)

    started = Processes.run
    monkeypatch.setattr(Processes, "run", run)  # the real one, with a list of what it ran

    assert aiprov("explain", f"{repo.path / 'a.py'}:1")[0] == 0
    assert len(asked) == len(set(asked))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter any folder")
def test_a_cache_that_may_not_be_read_is_not_needed(repo, aiprov):
    """
    Where `.aiprov/` belongs to another user, the line is explained without it.
    """
    repo.commit("a.py", "a = 1\n", MESSAGE)
    (repo.path / ".aiprov").mkdir(mode=0)

    assert aiprov("explain", f"{repo.path / 'a.py'}:1")[0] == 0
