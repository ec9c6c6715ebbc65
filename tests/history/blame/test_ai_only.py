from __future__ import annotations

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiprov_otel.errors import UsageError
from aiprov_otel.history import attribute, attribution, source_files
from aiprov_otel.history.blame import ai_only
from aiprov_otel.history.build import build
from aiprov_otel.history.check import compare
from aiprov_otel.history.effective_policy import apply_policy
from aiprov_otel.history.git.repository import Git
from aiprov_otel.manifest import Manifest
from aiprov_otel.values import Evidence, Origin
from support.histories import History
from support.repo import Repo

CLAUDE = "Add\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"
BOT = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"


def both(repo):
    """The decision about each line of *repo* by all of the history, and by AI lines alone."""
    git = Git.open(repo.path)
    policy = apply_policy(git)
    files = source_files.list_source_files(git, policy).files
    whole, only = (module.attribute_files(git, policy, files) for module in (attribute, ai_only))
    assert [one.file for one in whole.blamed] == [one.file for one in only.blamed]
    return [
        pair
        for one, other in zip(whole.blamed, only.blamed, strict=True)
        for pair in zip(whole.lines(one), only.lines(other), strict=True)
    ]


@given(st.integers(0, 2**32), st.integers(0, 16), st.booleans())
@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_ai_lines_are_those_of_a_whole_build(tmp_path, seed, steps, scribbled):
    """
    Each line that a marked commit wrote has the same decision, and no other line claims one.
    """
    folder = tmp_path / str(seed)
    shutil.rmtree(folder, ignore_errors=True)
    history = History(Repo(folder / "repo"), seed)
    history.grow(steps)
    if scribbled:
        history.scribble()

    for whole, only in both(history.repo):
        if whole.deciding or whole == attribution.UNCOMMITTED:
            assert only == whole
        else:
            assert only.deciding is None
            assert only.provenance.commit is None


def test_a_renamed_file_is_followed(repo):
    """
    A file that a model wrote under another name is found, after an edit in the same commit too.
    """
    lines = [f"x{n} = {n}\n" for n in range(20)]
    repo.commit("a.py", "".join(lines), CLAUDE)
    repo.git("mv", "a.py", "b.py")
    repo.commit("b.py", "".join([*lines, "y = 1\n"]), "Move")

    assert [only.provenance.origin for _, only in both(repo)] == [Origin.AI] * 20 + [Origin.UNKNOWN]


def test_a_marked_commit_that_did_something_else(repo):
    """
    Where blame stops at a commit that is marked for other files, the lines are not taken for its.
    """
    repo.commit("a.py", "a = 1\n")
    repo.commit("b.py", "b = 1\n", CLAUDE)
    repo.commit("a.py", "a = 1\nc = 1\n", CLAUDE)

    a, c, b = (only for _, only in both(repo))

    assert (a.deciding, a.provenance.commit) == (None, None)
    assert c.provenance.origin is b.provenance.origin is Origin.AI


def test_other_lines_are_decided_by_policy_alone(repo, tmp_path):
    """
    Neither the date nor a bot is known of a line that no mark is about; `unmarked` decides it.
    """
    repo.commit("old.py", "a = 1\n", when="2020-01-01T00:00:00Z")
    repo.commit("bot.py", "b = 1\n", author=BOT)
    repo.commit("ai.py", "c = 1\n", CLAUDE)

    assert build(repo.path, tmp_path / "m", only_ai=True).origins == {"unknown": 2, "ai": 1}
    repo.write("pyproject.toml", '[tool.aiprov]\nunmarked = "human"\n')
    summary = build(repo.path, tmp_path / "m", only_ai=True)

    assert summary.origins == {"human": 2, "ai": 1}
    [_, [_, old]] = [(s.path, s.line(1)) for s in Manifest.load(tmp_path / "m").sources()][1:]
    assert (old.commit, old.time, old.evidence) == (None, None, Evidence.UNMARKED)


def test_what_is_older_than_a_shallow_clone(repo, tmp_path):
    """
    The lines at its end are unknown as in a whole build, though the policy says `human`.
    """
    repo.commit("a.py", "a = 1\n", CLAUDE)
    repo.commit("a.py", "a = 1\nb = 1\n")
    repo.commit("a.py", "a = 1\nb = 1\nc = 1\n", CLAUDE)
    repo.git("clone", "--quiet", "--depth=2", f"file://{repo.path}", str(tmp_path / "clone"))
    (tmp_path / "clone" / "pyproject.toml").write_text('[tool.aiprov]\nunmarked = "human"\n')

    summary = build(tmp_path / "clone", only_ai=True)

    assert (summary.boundary, summary.origins) == (2, {"unknown": 2, "ai": 1})


def test_no_mark_at_all(repo):
    """
    In a repository without marks git is asked about no file.
    """
    repo.commit("a.py", "a = 1\n")
    git = Git.open(repo.path)

    assert ai_only.MarkedOnlyBlame(git, git.commits(git.head()), set()).oldest == {}
    assert build(repo.path, only_ai=True).origins == {"unknown": 1}


def test_moved_lines_can_not_be_followed(repo):
    """
    A line may have been moved from any file, so the two are not to be had together.
    """
    repo.commit("a.py", "a = 1\n")
    repo.write("pyproject.toml", '[tool.aiprov]\nmoves = "between-files"\n')

    with pytest.raises(UsageError, match="--ai-only can't follow moved lines"):
        build(repo.path, only_ai=True)


def test_the_manifest_says_so(repo):
    """
    A manifest that is about AI lines alone says it, and is checked as such.
    """
    repo.commit("a.py", "a = 1\n", CLAUDE)
    manifest = Manifest.load(build(repo.path, only_ai=True).path)
    git = Git.open(repo.path)

    assert manifest.policy["ai_only"] is True
    assert compare(git, apply_policy(git), manifest).matches
