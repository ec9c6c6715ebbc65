from __future__ import annotations

import shlex
import socket
import subprocess

import pytest

from aiprov_otel.history.build import build
from aiprov_otel.history.evidence.sources import fetch_command
from aiprov_otel.history.git.remote import list_refs
from aiprov_otel.history.git.repository import Git
from support.notes import attested, note
from support.repo import Repo

NOTES = "'+refs/notes/ai:refs/notes/ai-remote/origin'"
MERGE = "git notes --ref=ai merge -s union ai-remote/origin"
PULLS = "'+refs/pull/*/head:refs/pull/*/head'"


@pytest.fixture
def cloned(repo, tmp_path):
    """A repository with a record behind a request, and a fresh clone of it."""
    commit = repo.commit("a.py", "a = 1\n")
    note(repo, commit, attested("a.py", "1"))
    repo.git("update-ref", "refs/pull/1/head", commit)
    repo.git("clone", "-q", f"file://{repo.path}", str(tmp_path / "clone"))
    repo.clone = tmp_path / "clone"
    return repo


def asked(repo):
    """The command that is printed for the clone."""
    return fetch_command(Git.open(repo.clone))


def test_notes_and_requests_that_were_not_fetched(cloned):
    """
    One command names all that the remote has and the clone lacks.
    """
    assert asked(cloned) == f"git fetch origin {NOTES} {PULLS} && {MERGE}"


def run_asked(repo):
    """Run the printed command in the clone, as a shell would."""
    for command in asked(repo).split(" && "):
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@y.z", *shlex.split(command)[1:]],
            cwd=repo.clone,
            check=True,
            capture_output=True,
        )


def test_the_command_does_what_it_says(cloned):
    """
    Once it was run there is nothing left to say, and the records count.
    """
    assert build(cloned.clone).evidence == {"unmarked": 1}

    run_asked(cloned)

    assert asked(cloned) is None
    assert build(cloned.clone).evidence == {"note": 1}


def test_notes_that_were_not_pushed_are_kept(cloned):
    """
    The command fetches beside the notes of this clone, and merges: both records count.
    """
    clone = Repo(cloned.clone)
    mine = clone.commit("b.py", "b = 1\n")
    note(clone, mine, attested("b.py", "1"))

    run_asked(cloned)

    assert build(cloned.clone).evidence == {"note": 2}
    assert len(clone.git("notes", "--ref=ai", "list").splitlines()) == 2


def test_notes_that_the_remote_has_since_the_last_fetch(cloned):
    """
    A ref that is here, and newer on the remote, was not fetched.
    """
    run_asked(cloned)
    commit = cloned.commit("b.py", "b = 1\n")
    note(cloned, commit, attested("b.py", "1"))

    assert asked(cloned) == f"git fetch origin {NOTES} && {MERGE}"
    run_asked(cloned)
    assert asked(cloned) is None


def test_requests_of_a_repository_without_records(cloned):
    """
    Requests are of use for marks, too.
    """
    cloned.git("update-ref", "-d", "refs/notes/ai")

    assert asked(cloned) == f"git fetch origin {PULLS}"


def test_requests_of_azure(cloned):
    """
    A forge that keeps merges of requests only is asked for those.
    """
    cloned.git("update-ref", "-d", "refs/notes/ai")
    cloned.git("update-ref", "-d", "refs/pull/1/head")
    cloned.git("update-ref", "refs/pull/1/merge", "HEAD")

    assert asked(cloned) == "git fetch origin '+refs/pull/*/merge:refs/pull/*/merge'"


def test_only_the_requests_are_missing(cloned):
    """
    What is there is not named again.
    """
    subprocess.run(
        ["git", "fetch", "-q", "origin", "+refs/notes/ai:refs/notes/ai"],
        cwd=cloned.clone,
        check=True,
    )

    assert asked(cloned) == f"git fetch origin {PULLS}"


def test_logs_by_branch_are_fetched_as_one(cloned):
    """
    Refs of which there is one a branch are named by their pattern.
    """
    for branch in "ab":
        cloned.git("update-ref", f"refs/agentdiff/traces/{branch}", "HEAD")

    assert "'refs/agentdiff/traces/*:refs/agentdiff/traces/*'" in asked(cloned)


def test_a_repository_without_a_remote(cloned):
    """
    Without a remote, none is asked.
    """
    assert fetch_command(Git.open(cloned.path)) is None


def test_a_remote_that_is_gone(cloned, tmp_path):
    """
    A remote that can't be read is not an error.
    """
    subprocess.run(
        ["git", "remote", "set-url", "origin", str(tmp_path / "gone")], cwd=cloned.clone, check=True
    )

    assert asked(cloned) is None


def test_a_remote_that_does_not_answer(cloned):
    """
    A remote that takes the question and never answers is given up.
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"git://127.0.0.1:{silent.getsockname()[1]}/shop.git"
        found = list_refs(Git.open(cloned.clone), url, ["refs/notes/*"], 0.3)

    assert found == {}


def test_a_build_asks_when_it_is_told_to(cloned, tmp_path):
    """
    A build asks the remote only with that option.
    """
    summary = build(cloned.clone, tmp_path / "m")
    assert (summary.fetch_command, summary.remote_unasked) == (None, True)
    summary = build(cloned.clone, tmp_path / "m", remote=True)
    assert (summary.fetch_command, summary.remote_unasked) == (asked(cloned), False)
