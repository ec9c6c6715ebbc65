from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.marked_commits import oldest_by_path, read_commits
from aiprov_otel.history.evidence.through_requests import find_marked
from aiprov_otel.history.git.diff_tree import Change, Edge
from aiprov_otel.history.git.repository import Git

CLAUDE = "Add\n\nbody\n\nCo-Authored-By: Claude <noreply@anthropic.com>\n"
NOTE = 'a.py\n  h_0123456789abcd 1-1\n---\n{"schema_version": "authorship/3.0.0"}'


def edge(commit, *changes):
    """A *commit* that does what `A name` and the like say."""
    return Edge(commit, "", tuple(Change(path, status) for status, path in map(str.split, changes)))


def test_names_are_followed():
    """
    A file that a marked commit touched is known by every name that it may have had since.
    """
    story = [
        edge("1", "A a.py", "A b.py"),
        edge("2", "M a.py"),
        edge("3", "D a.py", "A c.py", "A d.py"),
        edge("4", "D b.py", "A e.py"),
        edge("5", "M c.py"),
    ]

    assert oldest_by_path(story, {"2", "5"}) == {"a.py": "2", "c.py": "2", "d.py": "2"}


@given(st.lists(st.sampled_from(["A a", "A b", "D a", "D b", "M a", "M b"]), max_size=8))
def test_the_oldest_is_never_younger(changes):
    """
    For each path it is the first of the marked commits that touched it, or an earlier one.
    """
    story = [edge(str(number), change) for number, change in enumerate(changes)]
    names = {one.commit for one in story}

    found = oldest_by_path(story, names)

    for one in story:
        path = one.changes[0].path
        assert int(found[path]) <= int(one.commit)


def test_messages_without_a_mark_are_forgotten(repo):
    """
    Of a commit without marks the first line is kept, of one with marks all is.
    """
    plain = repo.commit("a.py", "a = 1\n", "Subject (#1)\n\n" + "word " * 100)
    marked = repo.commit("a.py", "a = 2\n", CLAUDE)

    git = Git.open(repo.path)
    found = {
        one.id: (one.message, len(marks))
        for one, marks in read_commits(git, [plain, marked], Table(()), {})
    }

    assert found == {plain: ("Subject (#1)", 0), marked: (CLAUDE, 1)}


def test_a_record_marks_a_commit(repo):
    """
    A commit that a record is about counts as marked, whatever its message says.
    """
    plain = repo.commit("a.py", "a = 1\n")
    noted = repo.commit("a.py", "a = 2\n")
    repo.git("notes", "--ref=ai", "add", "-F-", noted, stdin=NOTE.encode(), **_people())

    assert find_marked(Git.open(repo.path), [plain, noted], Table(())) == {noted}


def test_the_squash_of_a_commit_with_a_record_is_marked(repo):
    """
    So is a squash merge of which a record tells through its pull request.
    """
    first = repo.commit("a.py", "a = 1\n")
    repo.git("checkout", "--quiet", "-b", "side")
    noted = repo.commit("a.py", "a = 2\n")
    repo.git("notes", "--ref=ai", "add", "-F-", noted, stdin=NOTE.encode(), **_people())
    repo.git("update-ref", "refs/pull/7/head", noted)
    repo.git("checkout", "--quiet", "main")
    squash = repo.commit("a.py", "a = 2\n", "Change it (#7)")

    assert find_marked(Git.open(repo.path), [first, squash], Table(())) == {squash}


def _people():
    return {
        f"GIT_{who}_{what}": "a@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
