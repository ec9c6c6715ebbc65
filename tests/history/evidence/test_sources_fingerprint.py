from __future__ import annotations

import pytest

from aiprov_otel.history.evidence.sources import changed_records, records_fingerprint
from aiprov_otel.history.git.repository import Git
from support.notes import attested, note
from support.repo import Repo

LOG = ".agent-trace/traces.jsonl"


@pytest.fixture
def repo(tmp_path):
    """A repository with one commit."""
    repo = Repo(tmp_path / "repo")
    repo.commit("a.py", "a = 1\n")
    return repo


def now(repo):
    """The state of the records of *repo*."""
    return records_fingerprint(Git.open(repo.path))


def test_nothing_is_read(repo):
    """
    Without records and requests there is no state, whatever branches there are.
    """
    repo.git("branch", "other")

    assert now(repo) == {}


def test_requests_count_by_themselves(repo):
    """
    A request may lead to marks that a squash left behind.
    """
    repo.git("update-ref", "refs/pull/1/head", "HEAD")

    assert list(now(repo)) == ["refs/pull/*/head"]


@pytest.mark.parametrize(
    "ref",
    [
        "refs/notes/ai",
        "refs/notes/ai-remote/origin",
        "refs/notes/whogitit",
        "refs/notes/ai-blame",
        "refs/notes/agentblame",
        "refs/notes/sce-agent-trace",
    ],
)
def test_every_ref_of_notes(repo, ref):
    """
    A ref that a reader reads stands for what it leads to, so that another note is another state.
    """
    note(repo, "HEAD", attested("a.py", "1"), ref)
    first = now(repo)
    note(repo, "HEAD", attested("a.py", "2"), ref)

    assert first == {ref: first[ref]}
    assert changed_records(now(repo), first) == (ref,)


@pytest.mark.parametrize("ref", ["refs/ai/authorship/c0ffee", "refs/agentdiff/traces/main"])
def test_refs_that_are_no_notes(repo, ref):
    """
    So does one below a folder of refs.
    """
    repo.git("update-ref", ref, "HEAD")

    assert now(repo) == {ref: repo.git("rev-parse", "HEAD")}


def test_requests_count_beside_records(repo):
    """
    A request may lead to records that a squash left behind.
    """
    note(repo, "HEAD", attested("a.py", "1"))
    before = now(repo)
    repo.git("update-ref", "refs/pull/1/head", "HEAD")
    one = now(repo)
    repo.git("update-ref", "refs/pull/2/head", "HEAD")

    assert changed_records(one, before) == ("refs/pull/*/head",)
    assert changed_records(now(repo), one) == ("refs/pull/*/head",)
    assert one["refs/pull/*/head"].startswith("sha256:")


def test_the_log_of_the_tree(repo):
    """
    The log counts by its content: the same where it is not checked out.
    """
    repo.commit(LOG, "{}\n")
    there = now(repo)
    (repo.path / LOG).unlink()
    gone = now(repo)
    repo.write(LOG, "{}\n{}\n")

    assert list(there) == [LOG]
    assert gone == there
    assert changed_records(now(repo), there) == (LOG,)


def test_a_name_that_is_not_utf_8(repo):
    """
    What git takes for the name of a ref can stand in a manifest.
    """
    head = repo.git("rev-parse", "HEAD")
    name = "refs/notes/ai-remote/\udcff"
    repo.git(
        "update-ref", "--stdin", stdin=f"create {name} {head}\n".encode(errors="surrogateescape")
    )

    assert now(repo) == {r"refs/notes/ai-remote/\xff": head}
