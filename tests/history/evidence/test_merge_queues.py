"""Requests that a queue or a train lands in groups: found, and decided line by line."""

from __future__ import annotations

import pytest

from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy

CLAUDE = "Co-authored-by: Claude <noreply@anthropic.com>"
FORGE = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (
        ("NAME", "Forge"), ("EMAIL", "forge@example.org"), ("DATE", "2026-05-05T10:00:00Z"),
    )
}  # fmt: skip
LINES = [f"x{number} = {number}" for number in range(12)]


@pytest.fixture
def queued(repo):
    """Two requests from one commit of `main`; each has a line of Claude's and one of a person's."""
    base = repo.commit("a.py", text(LINES))
    for number, place in ((7, 2), (8, 8)):
        repo.git("checkout", "-q", "--detach", base)
        lines = [*LINES[:place], f"claude{number} = 1", *LINES[place:]]
        repo.commit("a.py", text(lines), f"Add one\n\n{CLAUDE}", when="2026-05-04T11:00:00Z")
        lines.insert(place, f"person{number} = 2")
        repo.commit("a.py", text(lines), "Add another", when="2026-05-04T12:00:00Z")
        for ref in (f"refs/pull/{number}/head", f"refs/merge-requests/{number}/head"):
            repo.git("update-ref", ref, "HEAD")
    repo.git("checkout", "-q", "main")
    return repo


def text(lines):
    """The content of a file with these *lines*."""
    return "".join(f"{line}\n" for line in lines)


def squash(repo, head, message):
    """What a queue does: the changes of *head* on top of what is in the queue, as one commit."""
    repo.git("merge", "-q", "--squash", head, stdin=b"", **FORGE)
    repo.git("commit", "-q", "-m", message, **FORGE)


def merge(repo, head, message):
    """A merge of *head* on top of what is in the queue."""
    repo.git("merge", "-q", "--no-ff", "-m", message, head, stdin=b"", **FORGE)


def squash_in_a_group(repo):
    """GitHub's queue squashes each request on top of the one before, on a branch of its own."""
    base = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "-b", f"gh-readonly-queue/main/pr-7-{base}")
    squash(repo, "refs/pull/7/head", "Add it (#7)")
    repo.git("checkout", "-q", "-b", f"gh-readonly-queue/main/pr-8-{base}")
    squash(repo, "refs/pull/8/head", f"Add it (#8)\n\n* Add one\n\n{CLAUDE}\n\n* Add another")


def merge_in_a_group(repo):
    """The same with merges, which keep the commits."""
    for number in (7, 8):
        base = repo.git("rev-parse", "HEAD")
        repo.git("checkout", "-q", "-b", f"gh-readonly-queue/main/pr-{number}-{base}")
        merge(repo, f"refs/pull/{number}/head", f"Merge pull request #{number} from ada/topic")


def rebase_in_a_group(repo):
    """The same with copies of the commits."""
    for number in (7, 8):
        base = repo.git("rev-parse", "HEAD")
        repo.git("checkout", "-q", "-b", f"gh-readonly-queue/main/pr-{number}-{base}")
        head = f"refs/pull/{number}/head"
        repo.git("cherry-pick", "-x", f"{head}~2..{head}", **FORGE)


def train(repo):
    """GitLab's train squashes on the base of the request, and merges that into the train."""
    base = repo.git("rev-parse", "HEAD")
    for number in (7, 8):
        repo.git("checkout", "-q", "--detach", base)
        squash(repo, f"refs/merge-requests/{number}/head", "Add it")
        squashed = repo.git("rev-parse", "HEAD")
        repo.git("checkout", "-q", "main")
        message = f"Merge branch 'topic' into 'main'\n\nAdd it\n\nSee merge request a/b!{number}"
        merge(repo, squashed, message)


@pytest.mark.parametrize("land", [squash_in_a_group, merge_in_a_group, rebase_in_a_group, train])
def test_each_line_of_a_group_is_its_writer_s(queued, land):
    """
    Two requests that land together keep apart who wrote what.
    """
    land(queued)
    queued.git("checkout", "-q", "-B", "main")

    git = Git.open(queued.path)
    read = attribute.attribute_files(
        git, Policy(), [source_files.find_tracked(git, queued.path / "a.py")]
    )
    found = dict(
        zip(
            (queued.path / "a.py").read_text().splitlines(),
            (str(one.provenance.origin) for one in read.lines(read.blamed[0])),
            strict=True,
        )
    )

    assert {line for line, origin in found.items() if origin == "ai"} == {
        "claude7 = 1", "claude8 = 1",
    }  # fmt: skip
    assert {found["person7 = 2"], found["person8 = 2"]} == {"unknown"}
