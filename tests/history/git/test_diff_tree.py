from __future__ import annotations

from aiprov_otel.history.git.diff_tree import Change, Edge, read_edges, unchanged_paths
from aiprov_otel.history.git.repository import Git


def edge(commit, parent, *changed):
    """A *commit* that changes those paths of its *parent*."""
    return Edge(commit, parent, tuple(Change(path, "M") for path in changed))


def test_a_revert_is_a_change():
    """
    A file with the content of before has other owners, if it was another one in between.
    """
    story = [edge("c", "b", "a.py"), edge("b", "a", "a.py")]

    assert unchanged_paths(story, "c", "a", {"a.py", "b.py"}) == {"b.py"}


def test_a_merge_passes_a_file_to_the_first_parent_that_has_it():
    """
    What the second parent alone has as it is comes from there; what neither has is new.
    """
    story = [
        edge("m", "side", "ours.py", "both.py"),
        edge("m", "base", "theirs.py", "both.py"),
        edge("side", "fork"),
    ]
    paths = {"ours.py", "theirs.py", "both.py", "same.py"}

    assert unchanged_paths(story, "m", "base", paths) == {"ours.py"}
    assert unchanged_paths(story, "m", "fork", paths) == {"theirs.py", "same.py"}


def test_nothing_happened():
    """
    Between a commit and itself all files are unchanged.
    """
    assert unchanged_paths([], "a", "a", {"a.py"}) == {"a.py"}


def test_git_says_what_each_commit_did(repo):
    """
    Each change has its status, and a merge is compared with each parent.
    """
    first = repo.commit("a.py", "a = 1\n")
    repo.git("checkout", "--quiet", "-b", "side")
    side = repo.commit("sh öp/b.py", "b = 1\n")
    repo.git("checkout", "--quiet", "main")
    repo.git("mv", "a.py", "c.py")
    main = repo.record()
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    repo.git(*person, "merge", "--quiet", "--no-ff", "--no-commit", "side")
    merge = repo.record()

    rows = Git.open(repo.path).commits(merge)
    found = {(one.commit, one.parent): one.changes for one in read_edges(Git.open(repo.path), rows)}

    assert found == {
        (merge, main): (Change("sh öp/b.py", "A"),),
        (merge, side): (Change("a.py", "D"), Change("c.py", "A")),
        (main, first): (Change("a.py", "D"), Change("c.py", "A")),
        (side, first): (Change("sh öp/b.py", "A"),),
        (first, ""): (Change("a.py", "A"),),
    }


def test_a_mode_alone_is_no_change(repo):
    """
    A file that only became executable has the owners that it had; one that became a link is new.
    """
    first = repo.commit("a.py", "a = 1\n")
    repo.commit("b.py", "b = 1\n")
    (repo.path / "a.py").chmod(0o755)
    repo.git("add", "a.py")
    (repo.path / "b.py").unlink()
    (repo.path / "b.py").symlink_to("a.py")
    repo.git("add", "b.py")
    last = repo.record()

    git = Git.open(repo.path)
    [change, added] = read_edges(git, git.commits(f"^{first}", last))

    assert change.changes == (Change("b.py", "T"),)
    assert added.changes == (Change("b.py", "A"),)
