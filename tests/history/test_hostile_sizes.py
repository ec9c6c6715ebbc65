"""A clone that is made to take for ever, or all of the memory."""

from __future__ import annotations

import os
import time

import pytest

from aiprov_otel.errors import HistoryError, PolicyError
from aiprov_otel.history.attribution import decide
from aiprov_otel.history.build import build
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import find_marks
from aiprov_otel.history.explain import explain_line
from aiprov_otel.history.git import repository
from aiprov_otel.history.git.objects import Commit, parse_commit
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.policy_schema import read_section
from aiprov_otel.history.query import query_file
from support.notes import note

TRAILER = "Co-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"
HEAD = b"author A <a@x> 0 +0000\ncommitter A <a@x> 0 +0000\n"


def test_a_million_trailers(repo):
    """
    Of a huge message the beginning and the end are read, and no more than a thousand marks.
    """
    commit = repo.commit("a.py", "a = 1\n", "Add it\n\n" + TRAILER * 1_000_000)

    assert build(repo.path).origins == {"ai": 1}
    answer = query_file(repo.path / "a.py", None, history=True)

    assert answer.decisions[0].provenance.commit == commit
    assert len(answer.decisions[0].marks) == 1_000
    assert len(explain_line(answer, 1)) == 1_003


def test_a_squash_of_as_many_commits(repo):
    """
    A listing of a hundred thousand marked commits is counted, and decided, once.
    """
    entries = "".join(f"* Part {number}\n\n{TRAILER}\n" for number in range(100_000))
    repo.commit("a.py", "a = 1\n", f"Add it (#1)\n\n{entries}")

    answer = query_file(repo.path / "a.py", None, history=True)

    assert "it is a squash of" in answer.decisions[0].reason
    assert len(explain_line(answer, 1)) == 1_003


def test_an_object_that_does_not_fit(repo, monkeypatch):
    """
    An object over the limit is as good as missing, and a batch holds no more than the limit.
    """
    monkeypatch.setattr(repository, "_BATCH_BYTES", 1_000)
    small = repo.commit("a.py", "a = 1\n", "Add it\n\n" + TRAILER)
    large = repo.commit("a.py", "a = 1\nb = 2\n", "Add it\n\n" + "x" * 2_000)
    git = Git.open(repo.path)

    assert len(list(git.objects([small, small, small, large, small]))) > 1
    assert build(repo.path).origins == {"ai": 1, "unknown": 1}


@pytest.mark.parametrize(
    "encoding", ["idna", "punycode", "unicode_escape", "raw-unicode-escape", "undefined", "bz2"]
)
def test_an_encoding_that_is_none(encoding):
    """
    A codec that takes the square of the time, or is not of text, is not used.
    """
    raw = HEAD + f"encoding {encoding}\n\n".encode() + b"\\u0041" + b"a\xff" * 500_000

    assert parse_commit("a" * 40, raw).message.startswith("\\u0041a\N{REPLACEMENT CHARACTER}")


@pytest.mark.parametrize(
    "beginning",
    [
        "", "Co-authored-by: Claude", "Assisted-by: Claude:", "Generated with", "- [x] ", "Agent: ",
        "Claude session: ", "https://claude.ai/code/session_", "<a href=", "AI-Model: claude-",
        "see https://x.y/", "[x](", "Ours: ",
    ],
)  # fmt: skip
def test_no_line_is_slow(beginning):
    """
    No line, however it is made, keeps the search busy, nor does any row that a policy may add.
    """
    stars = {"agent": "ours", "sessions": ["https://x.y/*/*/*"], "names": ["(a+)+$"]}
    table = Table(Policy.of({"extra_agents": [stars]}).extra_agents)
    for filling in ("a", " ", "<", "-", "a ", "a@", "()", ": ", "a/", "ai-generated ", "[a](b)"):
        line = f"{beginning}{filling * 1_000}"[:1_000]
        began = time.process_time()
        find_marks(Commit("0" * 40, "A <a@x>", "A <a@x>", None, f"Add it\n\n{line}\n"), table)
        assert time.process_time() - began < 1


@pytest.mark.parametrize("filling", [b"A", b"<", b"a@", b"(", b" "])
def test_no_name_is_slow(filling):
    """
    An author of any length is read up to a limit.
    """
    name = filling * 500_000
    raw = b"author %b <a@x> 1 +0000\ncommitter %b <a@x> 1 +0000\n\nAdd it\n" % (name, name)
    began = time.process_time()
    find_marks(parse_commit("a" * 40, raw), Table())

    assert time.process_time() - began < 1


@pytest.mark.parametrize("text", ["[" * 100_000, "a = " + "[" * 100_000, "{" * 100_000])
def test_a_deep_note(repo, text):
    """
    A note of nothing but brackets is a note that can't be read.
    """
    commit = repo.commit("a.py", "a = 1\n")
    for ref in ("ai", "whogitit", "agentblame", "sce-agent-trace"):
        note(repo, commit, text, f"refs/notes/{ref}")
    repo.write(".agent-trace/traces.jsonl", text)

    assert build(repo.path).origins == {"unknown": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = " + "[" * 100_000, "is not valid TOML"),
        ("[tool.aiprov]\nunmarked = " + "[" * 50 + "]" * 50, "can't be"),
        ("[tool.aiprov]\nunmarked." + "a." * 500_000 + "a = 1", "a key is too deep"),
        ("[tool.aiprov]\nunmarked." + '"a" . ' * 150_000 + "a = 1", "a key is too deep"),
        ("[tool.aiprov]\nunmarked." + "a." * 60 + "a = 1", "can't be"),
        ("[tool.aiprov]\nunmarked = '" + "x" * 900_000 + "'", "can't be 'xxx"),
        ("#" * 2_000_000, "it is larger than"),
    ],
)
def test_a_pyproject_that_is_a_bomb(tmp_path, text, reason):
    """
    A file that is too deep or too large is one short line.
    """
    (tmp_path / "pyproject.toml").write_text(text)

    with pytest.raises(PolicyError, match=reason) as caught:
        Policy.of(read_section(tmp_path / "pyproject.toml"))

    assert len(str(caught.value)) < 1_000


def lay_device(path):
    """A link to a device without an end."""
    path.symlink_to("/dev/zero")


def lay_outside(path):
    """A link to a file that is not the repository's."""
    path.symlink_to("/etc/hostname")


@pytest.mark.parametrize("lay", [lay_device, lay_outside, os.mkfifo])
@pytest.mark.parametrize(
    "name", ["pyproject.toml", "ignored", ".agent-trace/traces.jsonl", ".git-blame-ignore-revs"]
)
def test_a_file_that_is_a_device_or_a_link(repo, lay, name):
    """
    What we read beside the sources has to be a regular file of the repository, or is one line.
    """
    repo.commit("a.py", "a = 1\n")
    if name == "ignored":
        repo.write("pyproject.toml", '[tool.aiprov]\nignore_revs_file = "ignored"\n')
    (repo.path / name).parent.mkdir(exist_ok=True)
    lay(repo.path / name)
    harmless = name == ".git-blame-ignore-revs" and lay is not lay_outside

    if harmless:  # git's own file counts where it is a file
        assert build(repo.path).files == 1
        return
    with pytest.raises((PolicyError, HistoryError), match=r"can't be read") as caught:
        build(repo.path)
    assert "\n" not in str(caught.value)


def test_a_source_that_is_a_pipe(repo):
    """
    A tracked file in whose place a pipe lies is left out, and not waited for.
    """
    repo.commit("a.py", "a = 1\n")
    repo.commit("b.py", "b = 1\n")
    (repo.path / "b.py").unlink()
    os.mkfifo(repo.path / "b.py")

    summary = build(repo.path)

    assert summary.left_out == (("b.py", "can't be read: it is not a regular file"),)


def test_marks_are_bounded_before_they_are_decided():
    """
    Finding and deciding takes a time that does not grow with the number of trailers.
    """
    commit = parse_commit("a" * 40, HEAD + b"\nAdd\n\n" + TRAILER.encode() * 1_000_000)

    marks = find_marks(commit, Table())

    assert len(marks) == 1_000
    assert decide(commit, marks, Policy()).deciding is marks[0]
