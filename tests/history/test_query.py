from __future__ import annotations

import pytest

from aiprov_otel.errors import HistoryError, ManifestError, ManifestNotFound, UsageError
from aiprov_otel.history.build import build
from aiprov_otel.history.query import GIT, query_file, query_tree
from aiprov_otel.values import Origin

CLAUDE = "Add it\n\nCo-Authored-By: Claude <noreply@anthropic.com>\n"


@pytest.fixture
def shop(repo):
    """A repository with one file of a model's."""
    repo.commit("shop/cart.py", "a = 1\n", CLAUDE)
    return repo


def test_git_answers_where_there_is_no_manifest(shop):
    """
    Without a manifest the answer is git's, with a decision for each line.
    """
    answer = query_file(shop.path / "shop/cart.py", None)

    assert (answer.answered_by, answer.file.line(1).origin) == (GIT, Origin.AI)
    assert len(answer.decisions) == 1


def test_a_manifest_that_is_up_to_date_answers(shop):
    """
    A manifest of this commit is as good as git, and faster.
    """
    path = build(shop.path).path

    assert query_file(shop.path / "shop/cart.py", None).answered_by == str(path)
    assert query_tree([shop.path], None).answered_by == str(path)


def test_git_answers_where_the_manifest_is_old(shop):
    """
    After another commit, another policy or a change to the file, git is asked.
    """
    build(shop.path)
    shop.write("shop/cart.py", "a = 2\n")
    assert query_file(shop.path / "shop/cart.py", None).answered_by == GIT

    shop.write("shop/cart.py", "a = 1\n")
    shop.write("pyproject.toml", '[tool.aiprov]\nunmarked = "human"\n')
    assert query_file(shop.path / "shop/cart.py", None).answered_by == GIT

    (shop.path / "pyproject.toml").unlink()
    shop.commit("b.py", "b = 1\n")
    assert query_tree([shop.path], None).answered_by == GIT


def test_a_manifest_that_was_named_answers_without_git(shop, tmp_path):
    """
    With --manifest no repository is needed: the file is known by its content.
    """
    manifest = build(shop.path, tmp_path / "m").path
    copy = tmp_path / "app" / "shop" / "cart.py"
    copy.parent.mkdir(parents=True)
    copy.write_text("a = 1\n")

    assert query_file(copy, manifest).file.line(1).origin is Origin.AI
    assert len(query_tree([], manifest).sources) == 1


def test_a_manifest_that_does_not_hold_the_file(shop, tmp_path):
    """
    A manifest never answers for code that it does not hold.
    """
    manifest = build(shop.path, tmp_path / "m").path
    shop.write("shop/cart.py", "a = 2\n")
    with pytest.raises(ManifestError, match=r"cart\.py was changed after it was built"):
        query_file(shop.path / "shop/cart.py", manifest)

    with pytest.raises(ManifestError, match=r"lacks .*new\.py"):
        query_file(shop.write("new.py", "x = 1\n"), manifest)
    with pytest.raises(HistoryError, match=r"lost\.py can't be read"):
        query_file(shop.path / "lost.py", manifest)
    with pytest.raises(ManifestNotFound):
        query_file(shop.path / "shop/cart.py", tmp_path / "nowhere")


def test_history_is_asked_of_git(shop):
    """
    A chain of evidence stands in git alone, however new the manifest is.
    """
    build(shop.path)

    assert query_file(shop.path / "shop/cart.py", None, history=True).answered_by == GIT


def test_a_file_that_is_excluded_can_be_asked_for(shop):
    """
    Tests are not in the manifest, and have a history all the same.
    """
    shop.commit("tests/test_cart.py", "a = 1\n", CLAUDE)
    build(shop.path)

    answer = query_file(shop.path / "tests/test_cart.py", None)

    assert (answer.answered_by, answer.file.line(1).origin) == (GIT, Origin.AI)


def test_a_file_that_is_not_there(shop, tmp_path):
    """
    A typing error and a file outside of any repository are each said to be.
    """
    with pytest.raises(HistoryError, match="does not exist"):
        query_file(shop.path / "lost.py", None)
    with pytest.raises(HistoryError, match="does not exist"):
        query_file(shop.path / "nowhere" / "lost.py", None)
    outside = tmp_path / "outside.py"
    outside.write_text("x = 1\n")
    with pytest.raises(HistoryError, match="is not in a git repository"):
        query_file(outside, None)


def test_a_folder_is_no_file(shop):
    """
    Whoever names a folder hears what to do for all of it.
    """
    with pytest.raises(UsageError, match=r"shop is a folder; .* with `aiprov stats .*shop`"):
        query_file(shop.path / "shop", None)


def test_a_tree_with_a_file_that_can_not_be_read(shop):
    """
    No share is given of a part of the tree as if it were all.
    """
    (shop.path / "shop/cart.py").unlink()
    (shop.path / "shop/cart.py").mkdir()

    with pytest.raises(HistoryError, match=r"cart\.py can't be read: Is a directory; fix that"):
        query_tree([shop.path], None)
