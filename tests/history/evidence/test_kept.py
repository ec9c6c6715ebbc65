"""What is read of notes and of pull requests once, and kept for the next build."""

from __future__ import annotations

import json
import shutil
import zlib

import pytest

from aiprov_otel.history.build import build
from aiprov_otel.history.evidence import git_ai as git_ai_records
from aiprov_otel.history.evidence import marked_commits, request_commits
from support.notes import attested, git_ai, note

CLAUDE = "Co-authored-by: Claude <noreply@anthropic.com>"
OLD, NEW = "a = 1\nz = 26\n", "a = 1\nb = 2\nc = 3\nz = 26\n"
LONGER = "a = 1\nb = 2\nc = 3\nd = 4\nz = 26\n"


@pytest.fixture
def squashed(repo):
    """A squash of a request with a mark, and one with a record; and a commit with a record."""
    land(repo, "a.py", 1, f"Add b and c\n\n{CLAUDE}")
    noted = land(repo, "b.py", 2, "Add more")
    note(repo, noted, attested("b.py", "2-3"))
    note(repo, repo.commit("c.py", NEW, "Add c"), attested("c.py", "1-2"))
    return repo


def land(repo, path, number, message):
    """A request that changes *path*, squashed; returns its commit."""
    base = repo.commit(path, OLD)
    repo.git("checkout", "-q", "--detach")
    head = repo.commit(path, NEW, message)
    repo.git("update-ref", f"refs/pull/{number}/head", head)
    repo.git("checkout", "-q", "-B", "main", base)
    repo.commit(path, NEW, f"Land it (#{number})")
    return head


def manifests(repo):
    """The bytes of a manifest by what was kept, and of one by git alone."""
    build(repo.path, repo.path.parent / "known")
    kept = (repo.path / ".aiprov").rename(repo.path.parent / "kept")
    summary = build(repo.path, repo.path.parent / "anew")
    shutil.rmtree(repo.path / ".aiprov")
    kept.rename(repo.path / ".aiprov")
    assert summary.evidence["note"] + summary.evidence["note-recovered"] >= 2
    return [(repo.path.parent / name).read_bytes() for name in ("known", "anew")]


def change_nothing(repo):
    """The same build again."""


def commit_and_note(repo):
    """A commit with a record, which changes the notes."""
    note(repo, repo.commit("d.py", NEW, "Add d"), attested("d.py", "1-3"))


def rewrite_a_note(repo):
    """Another record on the same commit."""
    note(repo, repo.git("rev-parse", "HEAD"), git_ai({"c.py": {"human": "1-4"}}))


def break_a_note(repo):
    """A record that can't be read on the same commit."""
    note(repo, repo.git("rev-parse", "HEAD"), "---\nnot JSON")


def land_another(repo):
    """One more squash of a request."""
    land(repo, "e.py", 3, f"Add e\n\n{CLAUDE}")


def push_to_a_request(repo):
    """A request that goes on after it landed."""
    repo.git("checkout", "-q", "--detach", "refs/pull/2/head")
    repo.git("update-ref", "refs/pull/2/head", repo.commit("b.py", OLD, "Undo it"))
    repo.git("checkout", "-q", "main")


def merge_a_request(repo):
    """The commits of a squashed request come into the history after all."""
    people = {f"GIT_{r}_{p}": "x@y.z" for r in ("AUTHOR", "COMMITTER") for p in ("NAME", "EMAIL")}
    repo.git("merge", "-q", "-s", "ours", "-m", "Merge it", "refs/pull/2/head", **people)


def go_back(repo):
    """A branch that leaves from before the last squash."""
    repo.git("checkout", "-q", "-B", "main", "HEAD~3")
    note(repo, repo.commit("c.py", NEW, "Add c"), attested("c.py", "1-2"))


def name_prompts_elsewhere(repo):
    """A record whose prompt only another note explains, and which later has another model."""
    prompt = {"agent_id": {"tool": "cursor", "model": "gpt-5"}}
    first = repo.commit("p.py", OLD, "Add p")
    note(repo, repo.commit("q.py", NEW, "Add q"), git_ai({"q.py": {"0123456789abcdef": "2-3"}}))
    note(repo, first, git_ai({}, prompts={"0123456789abcdef": prompt}))
    build(repo.path, repo.path.parent / "between")
    prompt["agent_id"]["model"] = "gpt-5.2"
    note(repo, first, git_ai({}, prompts={"0123456789abcdef": prompt}))


@pytest.mark.parametrize(
    "change",
    [
        change_nothing, commit_and_note, rewrite_a_note, break_a_note, land_another,
        push_to_a_request, merge_a_request, go_back, name_prompts_elsewhere,
    ],
)  # fmt: skip
def test_the_manifest_is_that_of_a_build_from_nothing(squashed, change):
    """
    Whatever became of notes and requests, a rebuild gives the bytes of a build without a cache.
    """
    build(squashed.path, squashed.path.parent / "first")
    change(squashed)

    known, anew = manifests(squashed)

    assert known == anew


def test_what_was_read_is_not_read_again(squashed, monkeypatch):
    """
    No note, no commit's marks and no commit of a request is looked at twice.
    """
    build(squashed.path, squashed.path.parent / "first")
    read = []
    for module, name in (
        (git_ai_records, "parse_log"),
        (marked_commits, "find_marks"),
        (request_commits, "find_marks"),
    ):
        real = getattr(module, name)

        def counted(*arguments, real=real, name=name):
            read.append(name)
            return real(*arguments)

        monkeypatch.setattr(module, name, counted)
    squashed.commit("f.py", "f = 1\n", "Add f")

    build(squashed.path, squashed.path.parent / "second")

    assert read == ["find_marks"]  # of the new commit


def test_no_person_is_kept(squashed):
    """
    Neither names nor addresses nor messages of commits are in what is kept.
    """
    from aiprov_otel.history.evidence import kept
    from aiprov_otel.history.evidence.agents import Table
    from aiprov_otel.history.git.repository import Git

    build(squashed.path, squashed.path.parent / "first")
    with kept.opened(Git.open(squashed.path), Table(), keep=True) as known:
        text = json.dumps({**vars(known), "lines": {}})

    assert known.commits
    assert known.records
    assert known.marks
    for word in ("Ada", "ada@example.org", "@", "Add more", "Land it"):
        assert word not in text


def test_what_this_user_did_not_sign_is_not_believed(squashed):
    """
    As for every cache: an origin that somebody changed in it is read anew.
    """
    build(squashed.path, squashed.path.parent / "first")
    file = squashed.path / ".aiprov" / "evidence.cache"
    signature, _, packed = file.read_bytes().partition(b"\n")
    forged = zlib.decompress(packed).replace(b'"ai"', b'"human"')
    assert forged != zlib.decompress(packed)
    file.write_bytes(signature + b"\n" + zlib.compress(forged))

    known, anew = manifests(squashed)

    assert known == anew


def test_an_object_that_was_missing_is_looked_for_again(squashed):
    """
    A clone that lacked an object of a request decides as a build from nothing once it has it.
    """
    base = squashed.commit("m.py", OLD)
    squashed.git("checkout", "-q", "--detach")
    first = squashed.commit("m.py", "a = 1\nb = 2\nz = 26\n", f"Add b\n\n{CLAUDE}")
    squashed.git("update-ref", "refs/pull/9/head", squashed.commit("m.py", LONGER, "Add c and d"))
    squashed.git("checkout", "-q", "-B", "main", base)
    squashed.commit("m.py", LONGER, "Land it (#9)")
    blob = squashed.git("rev-parse", f"{first}:m.py").strip()
    place = squashed.path / ".git" / "objects" / blob[:2] / blob[2:]
    aside = place.rename(squashed.path.parent / blob)
    build(squashed.path, squashed.path.parent / "first")
    aside.rename(place)

    known, anew = manifests(squashed)

    assert known == anew
    assert known != (squashed.path.parent / "first").read_bytes()
