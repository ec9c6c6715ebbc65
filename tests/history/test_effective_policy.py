"""What an answer depends on beside the commit, and that two answers are compared by it."""

from __future__ import annotations

import pytest

from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.history.build import build
from aiprov_otel.history.check import compare
from aiprov_otel.history.effective_policy import apply_policy, changed_keys, relative_paths
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.policy_schema import Moves
from aiprov_otel.manifest import Manifest

CLAUDE = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"
BLOCK = "".join(f"the_value_of_number_{n} = compute_it({n})\n" for n in range(8))


@pytest.fixture
def copied(repo):
    """A model's block that a person has moved to another file."""
    repo.commit("a.py", BLOCK, CLAUDE)
    repo.write("a.py", "")
    repo.write("b.py", "x = 1\n" + BLOCK)
    repo.git("add", "a.py", "b.py")
    repo.record("Move the block")
    return repo


@pytest.mark.parametrize(
    ("moves", "ai"), [(None, 0), (Moves.NONE, 0), (Moves.WITHIN_FILES, 0), (Moves.BETWEEN_FILES, 8)]
)
def test_moves_between_files(copied, moves, ai):
    """
    Only `between-files` finds the lines that came from another file.
    """
    assert build(copied.path, moves=moves).origins.get("ai", 0) == ai


def test_the_policy_may_say_it_for_every_build(copied):
    """
    `moves` in [tool.aiprov] holds where an option says nothing else.
    """
    copied.write("pyproject.toml", '[tool.aiprov]\nmoves = "between-files"\n')

    assert build(copied.path).origins["ai"] == 8
    assert "ai" not in build(copied.path, moves=Moves.NONE).origins


def test_the_manifest_says_how_it_was_made(copied):
    """
    A key that is not set now keeps its built value; one that is set is compared.
    """
    build(copied.path, moves=Moves.BETWEEN_FILES)
    built = Manifest.load(copied.path / "aiprov.manifest").policy
    git = Git.open(copied.path)

    assert built["moves"] == "between-files"
    assert changed_keys(apply_policy(git), built) == ()
    assert changed_keys(apply_policy(git, moves=Moves.WITHIN_FILES), built) == ("moves",)
    copied.write("pyproject.toml", '[tool.aiprov]\nmoves = "none"\n')
    assert changed_keys(apply_policy(git), built) == ("moves",)


def test_a_build_after_another_kind_of_build(copied):
    """
    What one build remembers for the next does not leak into one that is asked otherwise.
    """
    plain = build(copied.path).origins
    moved = build(copied.path, moves=Moves.BETWEEN_FILES).origins

    assert build(copied.path).origins == plain
    assert build(copied.path, moves=Moves.BETWEEN_FILES).origins == moved


def test_a_path_that_is_none(copied, tmp_path):
    """
    A wrong path is an error; a path that only another commit has works with --rev.
    """
    (copied.path / "empty").mkdir()
    copied.commit("gone.py", "a = 1\n")
    copied.git("rm", "--quiet", "gone.py")
    copied.record("Remove it")

    for name in ("nowhere", "empty", "gone.py"):
        with pytest.raises(HistoryError, match=f"git tracks nothing at {name} in "):
            build(copied.path, paths=[copied.path / name])
    gone = [copied.path / "gone.py"]
    assert build(copied.path, tmp_path / "m", paths=gone, revision="HEAD~1").files == 1


def test_folders_of_the_repository(copied, tmp_path):
    """
    Paths are relative to the root, the root itself is everything, and others are refused.
    """
    (copied.path / "pay").mkdir()
    git = Git.open(copied.path)

    assert relative_paths(git, [copied.path / "pay", copied.path / "a.py"]) == ("a.py", "pay")
    assert relative_paths(git, [copied.path, copied.path / "pay"]) == ()
    with pytest.raises(UsageError, match="is not in the repository"):
        relative_paths(git, [tmp_path])


@pytest.mark.parametrize("key", ["moves", "paths", "pull_requests", "ai_only"])
@pytest.mark.parametrize("value", [None, 5, {}, [], [5], ["a\0b"], "a\0b", 1.5])
def test_an_option_that_no_build_writes(repo, key, value):
    """
    A manifest's policy of any shape is compared; an odd value is none, and a difference.
    """
    repo.commit("a.py", "a = 1\n")
    build(repo.path)
    manifest = Manifest.load(repo.path / "aiprov.manifest")
    manifest.policy = {**manifest.policy, key: value}

    assert compare(Git.open(repo.path), Policy.load(repo.path), manifest).changed == ()
