from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiprov_otel.errors import PolicyError
from aiprov_otel.history import source_files
from aiprov_otel.history.blame import cache, hunks, incremental, strategy
from aiprov_otel.history.blame.hunks import join
from aiprov_otel.history.build import build
from aiprov_otel.history.effective_policy import apply_policy
from aiprov_otel.history.git.repository import Git
from support.histories import History
from support.notes import attested, note
from support.repo import Repo

CLAUDE = "Add\n\nCo-Authored-By: Claude <noreply@anthropic.com>\n"


def rebuilt(repo):
    """The manifest by what is known, its summary, and the manifest by git alone: their bytes."""
    summary = build(repo.path, repo.path.parent / "known")
    kept = (repo.path / ".aiprov").rename(repo.path.parent / "kept")
    build(repo.path, repo.path.parent / "anew")
    shutil.rmtree(repo.path / ".aiprov")
    kept.rename(repo.path / ".aiprov")
    known, anew = ((repo.path.parent / name).read_bytes() for name in ("known", "anew"))
    return known, summary, anew


def starts(repo):
    """What a build of *repo* would start from."""
    git = Git.open(repo.path)
    apply_policy(git)
    return incremental.load_start(git, git.head())


@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=4))
@settings(
    max_examples=5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_rebuild_is_the_same_as_a_build(tmp_path, seed, rounds):
    """
    Whatever happened since the last build, the manifest has the bytes that it has without one.

    Edits, renames, reverts to earlier contents, branches merged either way, files that are not
    committed: and each line has the owner, the path and the number that `git blame` says.
    """
    folder = tmp_path / str(seed)
    shutil.rmtree(folder, ignore_errors=True)
    history = History(Repo(folder / "repo"), seed)
    build(history.repo.path, folder / "first")
    for steps, scribbled in rounds:
        history.grow(steps)
        if scribbled:
            history.scribble()
        known, _, anew = rebuilt(history.repo)
        assert known == anew
        assert_owners_are_those_of_git(history.repo)
        history.tidy()


def assert_owners_are_those_of_git(repo):
    """Each line of each file comes from where plain `git blame` says, by the cache."""
    git = Git.open(repo.path)
    policy = apply_policy(git)
    for one in incremental.attribute_files(
        git, policy, source_files.list_source_files(git, policy).files
    ).blamed:
        plain = hunks.parse(git.blame(one.file.source))
        assert list(join(one.hunks)) == list(join(plain))


def test_only_what_was_touched_is_blamed(repo):
    """
    A file that no new commit touched is known without git, and one that was is asked for in part.
    """
    repo.commit("a.py", "a = 1\n")
    repo.commit("b.py", "b = 1\n")
    git = Git.open(repo.path)
    files = source_files.list_source_files(git, apply_policy(git)).files
    assert starts(repo).count_deep(files) == 2
    build(repo.path)
    repo.commit("b.py", "b = 1\nc = 1\n")

    begun = starts(repo)

    assert isinstance(begun.strategy, strategy.IncrementalBlame)
    assert begun.why_full is None
    assert list(begun.strategy.hunks) == ["a.py"]


def test_a_history_that_was_rewritten(repo):
    """
    After a force-push the last build is of no use, and the summary says so.
    """
    repo.commit("a.py", "a = 1\n")
    repo.commit("a.py", "a = 2\n")
    build(repo.path)
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    repo.commit("a.py", "a = 3\n")

    known, summary, anew = rebuilt(repo)

    assert known == anew
    assert summary.note == "the commit of the last build is not in the history of this one"


def test_a_commit_that_is_gone(repo):
    """
    It is the same where that commit is not even in the repository any more.
    """
    repo.commit("a.py", "a = 1\n")
    build(repo.path)
    known = cache.load(repo.path, starts(repo).key)
    cache.save(repo.path, cache.Cached(known.key, "c0ffee" + "0" * 34, known.files))

    assert "is not in the history" in starts(repo).why_full


def test_a_branch_that_is_checked_out(repo):
    """
    An older commit than that of the last build is built anew, a newer one on its branch is not.
    """
    repo.commit("a.py", "a = 1\n")
    repo.commit("a.py", "a = 1\nb = 1\n")
    build(repo.path)
    repo.git("checkout", "--quiet", "-b", "old", "HEAD~1")
    known, _, anew = rebuilt(repo)
    assert known == anew

    repo.commit("a.py", "a = 1\nc = 1\n")
    known, summary, anew = rebuilt(repo)

    assert known == anew
    assert summary.note is None


def test_what_blame_looks_through_decides_what_is_known(repo):
    """
    When another commit is ignored, or the file that lists them is another one, all is asked again.
    """
    repo.commit("a.py", "a=1\n", CLAUDE)
    formatting = repo.commit("a.py", "a = 1\n", "Format")
    build(repo.path)
    repo.write(".git-blame-ignore-revs", formatting + "\n")

    known, summary, anew = rebuilt(repo)

    assert known == anew
    assert summary.note == "git, aiprov or the ignored commits have changed"
    repo.write(".git-blame-ignore-revs", "# nothing\n")
    known, summary, anew = rebuilt(repo)
    assert known == anew
    assert summary.note
    repo.write(".git-blame-ignore-revs", "wrong\n")
    with pytest.raises(PolicyError):
        build(repo.path)


def test_policy_does_not(repo):
    """
    Another policy decides otherwise about the same owners, and asks git nothing.
    """
    repo.commit("a.py", "a = 1\n")
    build(repo.path)
    repo.write("pyproject.toml", '[tool.aiprov]\nunmarked = "human"\nexclude = []\n')

    known, summary, anew = rebuilt(repo)

    assert known == anew
    assert summary.note is None
    assert summary.origins == {"human": 1}


def test_a_damaged_cache(repo):
    """
    A damaged cache is ignored, and the summary says so.
    """
    repo.commit("a.py", "a = 1\n")
    build(repo.path)
    file = repo.path / ".aiprov" / "blame.cache"
    file.write_bytes(file.read_bytes()[:-1])

    known, summary, anew = rebuilt(repo)

    assert known == anew
    assert (
        summary.note
        == "the cache of the last build is damaged, of another version or of another user"
    )


def test_a_clone_that_becomes_whole(repo, tmp_path):
    """
    What was known at the end of a shallow clone is asked again when there is more.
    """
    repo.commit("a.py", "a = 1\n", CLAUDE)
    repo.commit("a.py", "a = 1\nb = 1\n", CLAUDE)
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(tmp_path / "clone"))
    assert build(tmp_path / "clone").origins == {"unknown": 2}
    repo.git("-C", str(tmp_path / "clone"), "fetch", "--quiet", "--unshallow")

    assert build(tmp_path / "clone").origins == {"ai": 2}


def test_a_commit_that_is_replaced(repo):
    """
    What `git replace` makes of a commit is asked again.
    """
    repo.commit("a.py", "a = 1\n")
    marked = repo.commit("a.py", "a = 2\n", CLAUDE)
    assert build(repo.path).origins == {"ai": 1}
    plain = repo.git("commit-tree", "-m", "Plain", f"{marked}^{{tree}}", **_people())
    repo.git("replace", marked, plain)

    known, summary, anew = rebuilt(repo)

    assert known == anew
    assert summary.note


def _people():
    return {
        f"GIT_{who}_{what}": "a@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }


def test_moved_lines_are_asked_for_anew(repo):
    """
    Where blame follows moved lines, no blame is known from before and none is kept.
    """
    repo.commit("a.py", "a = 1\n")
    repo.write("pyproject.toml", '[tool.aiprov]\nmoves = "within-files"\n')

    build(repo.path)

    assert not (repo.path / ".aiprov" / "blame.cache").exists()


def test_a_merge_that_is_not_done(repo):
    """
    In the middle of a merge lines may come from the other side, which HEAD's history does not have.
    """
    lines = [f"x{n} = {n}\n" for n in range(20)]
    repo.commit("a.py", "".join(lines))
    repo.git("checkout", "--quiet", "-b", "side")
    theirs = repo.commit("a.py", "".join([*lines, "theirs = 1\n"]))
    repo.git("checkout", "--quiet", "main")
    repo.commit("a.py", "".join(["ours = 1\n", *lines]))
    build(repo.path)
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    repo.git(*person, "merge", "--quiet", "--no-ff", "--no-commit", "side")

    git = Git.open(repo.path)
    policy = apply_policy(git)
    [one] = incremental.attribute_files(
        git, policy, source_files.list_source_files(git, policy).files
    ).blamed

    assert one.hunks[-1].commit == theirs
    assert_owners_are_those_of_git(repo)


def test_another_commit_is_built_without_a_trace(repo, tmp_path):
    """
    `--rev` neither uses nor leaves what is known about the work tree.
    """
    first = repo.commit("a.py", "a = 1\n")
    repo.commit("a.py", "a = 2\n")

    build(repo.path, tmp_path / "m", revision=first)

    assert not Path(repo.path, ".aiprov").exists()


def test_records_are_read_anew(repo):
    """
    Notes that come, change or go after the last build decide, and nothing else is blamed again.
    """
    commit = repo.commit("a.py", "a = 1\nb = 1\n")
    build(repo.path)
    for lines, origins in (("1", {"ai": 1, "unknown": 1}), ("1-2", {"ai": 2})):
        note(repo, commit, attested("a.py", lines))
        known, summary, anew = rebuilt(repo)
        assert known == anew
        assert (summary.origins, summary.note) == (origins, None)
    repo.git("update-ref", "-d", "refs/notes/ai")

    known, summary, anew = rebuilt(repo)

    assert known == anew
    assert summary.origins == {"unknown": 2}


def test_requests_are_looked_at_anew(repo):
    """
    So do the requests that were fetched after it.
    """
    base = repo.commit("a.py", "a = 1\n")
    own = repo.commit("a.py", "a = 1\nb = 1\n", "Work")
    note(repo, own, attested("a.py", "2"))
    repo.git("reset", "--quiet", "--hard", base)
    repo.commit("a.py", "a = 1\nb = 1\n", "Add b (#7)")
    assert build(repo.path).origins == {"unknown": 2}
    repo.git("update-ref", "refs/pull/7/head", own)

    known, summary, anew = rebuilt(repo)

    assert known == anew
    assert summary.origins == {"unknown": 1, "ai": 1}
