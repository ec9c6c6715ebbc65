"""Another commit than the one that is checked out."""

from __future__ import annotations

import pytest

from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.history.build import build
from aiprov_otel.manifest import Manifest
from support.repo import Repo

CLAUDE = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"


@pytest.fixture
def shop(repo):
    """A repository whose first commit is `.first`, with an ignored commit, a symlink, a package."""
    repo.commit("src/shop/__init__.py", "")
    repo.commit("src/shop/cart.py", "a=1\n", CLAUDE)
    formatting = repo.commit("src/shop/cart.py", "a = 1\n", "Format")
    repo.commit(".git-blame-ignore-revs", formatting + "\n")
    (repo.path / "link.py").symlink_to("src/shop/cart.py")
    repo.git("add", "link.py")
    repo.commit("pyproject.toml", '[tool.aiprov]\nunmarked = "human"\n')
    repo.commit(".gitattributes", "src/shop/cart.py linguist-generated\n")
    repo.first = repo.commit("src/shop/pay.py", "b = 1\n")
    return repo


def test_it_is_what_a_checkout_of_it_would_give(shop, tmp_path):
    """
    Policy, attributes, ignored commits, links and lines are those of the commit: the same bytes.
    """
    checked_out = build(shop.path, tmp_path / "checked-out")
    shop.commit("pyproject.toml", '[tool.aiprov]\nexclude = ["pay.py"]\n')
    shop.commit(".gitattributes", "")
    shop.commit("src/shop/pay.py", "b = 2\nc = 3\n")
    shop.commit("src/shop/new.py", "d = 1\n")

    summary = build(shop.path, tmp_path / "by-revision", revision=shop.first)

    assert (summary.revision, summary.generated) == (shop.first, 1)
    assert summary.origins == checked_out.origins == {"ai": 2, "human": 1}
    assert (tmp_path / "by-revision").read_bytes() == (tmp_path / "checked-out").read_bytes()


def test_work_tree_and_index_are_left_alone(shop, tmp_path):
    """
    Nothing that is staged or changed is touched, nor does it count.
    """
    shop.write("src/shop/pay.py", "changed = 1\n")
    shop.write("src/shop/staged.py", "")
    shop.git("add", "src/shop/staged.py")
    before = shop.git("status", "--porcelain"), shop.git("worktree", "list")
    inside = sorted((shop.path / ".git").iterdir())

    summary = build(shop.path, tmp_path / "m", revision="HEAD")

    assert summary.uncommitted == 0
    assert (shop.git("status", "--porcelain"), shop.git("worktree", "list")) == before
    assert sorted((shop.path / ".git").iterdir()) == inside
    assert list(tmp_path.glob("aiprov-*")) == []


@pytest.mark.parametrize("name", ["v1", "HEAD~1", "main^{commit}"])
def test_any_name_of_a_commit(shop, tmp_path, name):
    """
    A tag, an ancestor: whatever git takes.
    """
    shop.git("tag", "v1", shop.first)

    full = shop.git("rev-parse", f"{name}^{{commit}}")

    assert build(shop.path, tmp_path / "m", revision=name).revision == full


@pytest.mark.parametrize("name", ["nowhere", "--all", "HEAD:pyproject.toml", ""])
def test_a_name_of_none(shop, tmp_path, name):
    """
    What names no commit is one line that says where to look.
    """
    with pytest.raises(HistoryError, match=r"is not a commit of .*; look for it with `git log`"):
        build(shop.path, tmp_path / "m", revision=name)


def test_a_linked_work_tree(shop, tmp_path):
    """
    It works from where a repository is only linked to.
    """
    shop.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), "HEAD~1")

    summary = build(tmp_path / "linked", tmp_path / "m", revision=shop.first)

    assert summary.revision == shop.first
    assert summary.files == 4


def test_one_folder_has_its_own_manifest(shop):
    """
    What is below one folder is written into that folder, unless an output is named.
    """
    shop.commit("other/tool.py", "x = 1\n")

    summary = build(shop.path, paths=[shop.path / "src"])

    assert summary.path == shop.path / "src" / "aiprov.manifest"
    manifest = Manifest.load(summary.path)
    assert manifest.policy["paths"] == ["src"]
    assert {entry.import_path for entry in manifest.entries} == {
        f"shop/{name}.py" for name in ("__init__", "cart", "pay")
    }
    assert build(shop.path).files == 5


def test_several_folders_need_an_output(shop, tmp_path):
    """
    Where the manifest of several folders belongs is not guessed.
    """
    shop.commit("other/tool.py", "x = 1\n")
    paths = [shop.path / "other", shop.path / "link.py"]

    with pytest.raises(UsageError, match="with --output"):
        build(shop.path, paths=paths)

    assert build(shop.path, tmp_path / "m", paths=paths).files == 2


def test_another_repository(shop, tmp_path):
    """
    A folder of another repository is built in that.
    """
    other = Repo(tmp_path / "other")

    with pytest.raises(UsageError, match="is not in the repository"):
        build(shop.path, paths=[other.path])
