from __future__ import annotations

import hashlib
import json

import pytest

from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.evidence.kept import Kept
from aiprov_otel.history.evidence.sources import Records
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from support.notes import note

LOG = ".agent-trace/traces.jsonl"
BEFORE, AFTER = "2026-05-04T09:00:00Z", "2026-05-04T11:00:00Z"
OLD = "a = 1\nb = 2\nc = 3\n"
NEW = "a = 1\nx = 2\ny = 3\nc = 3\n"


def trace(revision, first, last, *, path="a.py", time=BEFORE, kind="ai", digest=None):
    """A trace that claims lines *first* to *last* of *path*."""
    lines = {"start_line": first, "end_line": last}
    if digest:
        lines["content_hash"] = digest
    contributor = {"type": kind, "model_id": "anthropic/claude-opus-4-8"}
    return {
        "version": "1.0",
        "timestamp": time,
        "vcs": {"type": "git", "revision": revision},
        "tool": {"name": "cursor"},
        "files": [
            {"path": path, "conversations": [{"contributor": contributor, "ranges": [lines]}]}
        ],
    }


def log(repo, *traces):
    """Let the tool have logged *traces*."""
    repo.write(LOG, "".join(json.dumps(one) + "\n" for one in traces))


def said(repo, path="a.py"):
    """The evidence and the origin of each line of *path*, where it is a trace."""
    git = Git.open(repo.path)
    read = attribute.attribute_files(
        git, Policy.load(git.root), [source_files.find_tracked(git, repo.path / path)]
    )
    found = (one.provenance for one in read.lines(read.blamed[0]))
    return [str(one.origin) if one.evidence == "agent-trace" else "-" for one in found]


@pytest.fixture
def history(repo):
    """A repository in which the second commit replaced one line by two."""
    repo.first = repo.commit("a.py", OLD)
    repo.second = repo.commit("a.py", NEW)
    return repo


def test_the_revision_holds_the_lines(history):
    """
    Where the revision itself brought in the lines, it is the commit that is meant.
    """
    log(history, trace(history.second, 2, 3))

    assert said(history) == ["-", "ai", "ai", "-"]


def test_the_revision_is_the_parent(history):
    """
    Where a child of the revision brought in the lines, that is the commit that is meant.
    """
    log(history, trace(history.first, 2, 4, path=r"a.py", time=AFTER))

    assert said(history) == ["-", "ai", "ai", "-"]


def test_lines_that_no_reading_bears_out(history):
    """
    A range whose lines are mostly older is not a record of the commit.
    """
    log(history, trace("f" * 40, 1, 4), trace(history.second, 4, 4), trace(history.second, 8, 9))

    assert said(history) == ["-", "-", "-", "-"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"a = 1\nb = 2", ["ai", "-", "-", "-"]),  # as they are in the revision
        (b"a = 1\nx = 2\ny = 3\n", ["-", "ai", "ai", "-"]),  # as they are in its child
    ],
)
def test_a_hash_decides_between_two_readings(history, text, lines):
    """
    Where both the revision and its child may be meant, the content of the lines decides.
    """
    digest = "sha256:" + hashlib.sha256(text).hexdigest()[:16]
    last = 1 + text.strip().count(b"\n")
    log(history, trace(history.first, 1, last, digest=digest))

    assert said(history) == lines


@pytest.mark.parametrize(
    ("time", "lines"), [(BEFORE, ["-", "-", "-", "ai"]), (AFTER, ["-", "ai", "ai", "-"])]
)
def test_the_time_decides_between_two_readings(history, time, lines):
    """
    Without a hash, what was logged after the revision landed was written on top of it.
    """
    log(history, trace(history.first, 2, 3, time=time))

    assert said(history) == lines


def test_a_trailing_line_too_many(history):
    """
    Tools count the end of the last line as a line; it is none of ours.
    """
    log(history, trace(history.second, 2, 900))
    assert said(history) == ["-", "ai", "ai", "-"]


def test_who_is_said_to_have_written_it(history):
    """
    A trace may name a person, or both.
    """
    both = (trace(history.second, 2, 2, kind="human"), trace(history.second, 3, 3, kind="mixed"))
    log(history, *both)

    assert said(history) == ["-", "human", "mixed", "-"]


@pytest.mark.parametrize("kind", ["absolute", "backslashes", "dotted"])
def test_paths_as_tools_write_them(repo, kind):
    """
    A file is known by its path below the work tree, however it was written.
    """
    commit = repo.commit("shop/cart.py", "a = 1\n")
    path = {
        "absolute": f"{Git.open(repo.path).root}/shop/cart.py",
        "backslashes": r"shop\cart.py",
        "dotted": "./shop/cart.py",
    }[kind]
    log(repo, trace(commit, 1, 1, path=path))

    assert said(repo, "shop/cart.py") == ["ai"]


def test_paths_of_no_file(history):
    """
    Pseudo-files, other folders, drives and addresses are nothing of this repository.
    """
    odd = (
        ".shell-history",
        "/etc/a.py",
        "../a.py",
        r"c:\a.py",
        "file://a.py",
        "",
        "a\nb",
        "\ud800",
    )
    log(history, *(trace(history.second, 2, 3, path=path) for path in odd))

    assert said(history) == ["-", "-", "-", "-"]


def test_a_log_that_is_not_checked_out(history):
    """
    A log that is in the commit and not in the work tree is read there.
    """
    log(history, trace(history.second, 2, 3))
    history.git("add", "-f", LOG)
    history.record("Log it")
    (history.path / LOG).unlink()

    assert said(history) == ["-", "ai", "ai", "-"]


def test_a_log_in_a_ref(history):
    """
    Logs that a tool keeps in refs, one a branch, are read from there.
    """
    line = json.dumps(trace(history.second, 2, 3)) + "\n"
    blob = history.git("hash-object", "-w", "--stdin", stdin=line.encode())
    held = history.git("mktree", stdin=f"100644 blob {blob}\ttraces.jsonl\n".encode())
    history.git("update-ref", "refs/agentdiff/traces/feat%2Fcart", held)

    assert said(history) == ["-", "ai", "ai", "-"]


def test_a_trace_in_a_note(history):
    """
    A note hangs on the commit that is meant, whatever revision it names.
    """
    text = json.dumps(trace(history.first, 2, 3), indent=1)
    note(history, history.second, text, "refs/notes/sce-agent-trace")

    assert said(history) == ["-", "ai", "ai", "-"]


def test_a_note_beats_a_trace(history):
    """
    A line-level note is the stronger evidence of the two.
    """
    log(history, trace(history.second, 2, 3))
    note(history, history.second, "a.py\n  human 2\n---\n{}")

    assert said(history) == ["-", "-", "ai", "-"]


def test_which_commits_may_have_a_record(history):
    """
    A trace may be about the revision that it names and about the children of that.
    """
    log(history, trace(history.first, 2, 3))

    assert Records(Git.open(history.path), Kept()).commits == {history.first, history.second}
