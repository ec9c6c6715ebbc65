from __future__ import annotations

import pytest

from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.values import Evidence
from support.notes import attested, git_ai, note

OLD = "a = 1\nz = 26\n"
NEW = "a = 1\nb = 2\nc = 3\nd = 4\nz = 26\n"


def decided(repo, path="a.py"):
    """The decision about each line of *path*."""
    git = Git.open(repo.path)
    read = attribute.attribute_files(
        git, Policy.load(git.root), [source_files.find_tracked(git, repo.path / path)]
    )
    return list(read.lines(read.blamed[0]))


def evidence(repo, path="a.py"):
    """What decided about each line of *path*."""
    return [str(one.provenance.evidence) for one in decided(repo, path)]


@pytest.fixture
def branched(repo):
    """A repository whose request brought in three lines in two commits, one of them recorded."""
    base = repo.commit("a.py", OLD)
    repo.git("checkout", "-q", "-b", "topic")
    first = repo.commit("a.py", "a = 1\nb = 2\nc = 3\nz = 26\n", "Add b and c")
    note(repo, first, attested("a.py", "2-3"))
    repo.commit("a.py", NEW, "Add d")
    repo.head = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "-B", "main", base)
    repo.git("branch", "-q", "-D", "topic")
    return repo


def squash(repo, text=NEW, subject="Add three (#12)", ref="refs/pull/12/head"):
    """Squash the request, and let the forge keep its head under *ref*."""
    repo.git("update-ref", ref, repo.head)
    return repo.commit("a.py", text, subject)


@pytest.mark.parametrize(
    ("subject", "ref"),
    [
        ("Add three (#12)", "refs/pull/12/head"),
        ('Revert "Add (#3)" (#12)', "refs/pull/12/head"),
        ("Merged in topic (pull request #12)", "refs/pull-requests/12/from"),
        ("Add three (!12)", "refs/merge-requests/12/head"),
        ("Add three", "refs/pull/7/head"),  # the tree is that of the request
    ],
)
def test_a_record_behind_a_squash(branched, subject, ref):
    """
    A line of a squash has the record of the commit that wrote it, and the squash as its commit.
    """
    commit = squash(branched, subject=subject, ref=ref)

    assert evidence(branched) == [
        "unmarked", "note-recovered", "note-recovered", "unmarked", "unmarked",
    ]  # fmt: skip
    found = decided(branched)[1]
    assert (found.provenance.agent, found.provenance.commit) == ("claude-code", commit)
    assert found.deciding.where == f"refs/notes/ai through {ref}"


def test_a_squash_that_was_changed(branched):
    """
    Where the squash differs from the request, the lines that a diff leaves alone are followed.
    """
    squash(branched, "y = 0\na = 1\nb = 2\nc = 33\nd = 4\nz = 26\n")

    assert evidence(branched) == [
        "unmarked", "unmarked", "note-recovered", "unmarked", "unmarked", "unmarked",
    ]  # fmt: skip


def test_a_file_that_was_renamed_in_the_request(branched):
    """
    The record names the file as it was called in its commit.
    """
    branched.git("checkout", "-q", "--detach", branched.head)
    branched.git("mv", "a.py", "b.py")
    branched.head = branched.record("Rename it")
    branched.git("checkout", "-q", "main")
    branched.git("update-ref", "refs/pull/12/head", branched.head)
    branched.git("mv", "a.py", "b.py")
    branched.commit("b.py", NEW, "Add three (#12)")

    assert evidence(branched, "b.py").count("note-recovered") == 2


def test_a_file_that_is_elsewhere_at_the_head_of_the_request(branched):
    """
    What the request does not hold has nothing to be followed through.
    """
    branched.git("update-ref", "refs/pull/12/head", branched.head)
    branched.commit("c.py", "b = 2\n", "Add three (#12)")

    assert evidence(branched, "c.py") == ["unmarked"]


def test_the_request_was_not_fetched(branched):
    """
    Without the commits of the request nothing is recovered, and nothing fails.
    """
    branched.commit("a.py", NEW, "Add three (#12)")

    assert set(evidence(branched)) == {"unmarked"}


def test_a_request_without_records(branched):
    """
    Commits of a request that no tool took notes on say nothing.
    """
    branched.git("update-ref", "-d", "refs/notes/ai")
    note(branched, branched.git("rev-parse", "HEAD"), git_ai({}))
    squash(branched)

    assert set(evidence(branched)) == {"unmarked"}


def test_lines_that_the_request_took_from_the_main_branch(branched):
    """
    A record on a commit that was on the main branch before is not a record of the squash.
    """
    note(branched, branched.git("rev-parse", "HEAD"), attested("a.py", "1-2"))
    squash(branched)

    assert evidence(branched) == [
        "note", "note-recovered", "note-recovered", "unmarked", "note",
    ]  # fmt: skip


def test_a_note_on_the_squash_itself_comes_first(branched):
    """
    Where the tool wrote a note on the squash, that is what counts.
    """
    note(branched, squash(branched), git_ai({"a.py": {"human": "2"}}))

    assert decided(branched)[1].provenance.evidence is Evidence.NOTE
    assert decided(branched)[1].provenance.origin == "human"
    assert decided(branched)[2].provenance.evidence is Evidence.NOTE_RECOVERED


def test_a_merge_is_no_squash(branched):
    """
    A merge keeps the commits of the request, with their own notes.
    """
    branched.git("update-ref", "refs/pull/12/head", branched.head)
    people = {f"GIT_{r}_{p}": "x@y.z" for r in ("AUTHOR", "COMMITTER") for p in ("NAME", "EMAIL")}
    branched.git("merge", "-q", "--no-ff", "-m", "Merge it (#12)", branched.head, **people)

    assert evidence(branched).count("note") == 2
