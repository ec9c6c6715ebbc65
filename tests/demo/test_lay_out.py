"""The shop is laid out as the repository that its patches make."""

from __future__ import annotations

import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from aiprov_otel.demo.shop import MARKER, lay_out
from aiprov_otel.errors import UsageError

SHOP = Path(str(files("aiprov_otel.demo"))) / "data"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The shop, laid out once for the tests that only read it."""
    return lay_out(tmp_path_factory.mktemp("demo") / "shop")


def git(folder, *arguments):
    return subprocess.check_output(["git", *arguments], cwd=folder, text=True)


def contents(folder):
    """Every file that a reader sees, with its bytes."""
    hidden = {".git", "history", "__pycache__"}
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not hidden & set(path.relative_to(folder).parts)
    }


def test_the_patches_give_the_tree_that_is_shown(shop):
    """
    What a reader finds in examples/shop is what the history ends in, byte by byte.
    """
    assert contents(shop) == contents(SHOP)


def test_every_patch_is_a_commit_with_its_own_date_and_a_clean_tree(shop):
    """
    The repository has the whole history, landed when it was written, and nothing else.
    """
    dates = git(shop, "log", "--format=%at %ct").splitlines()

    assert len(dates) == len(list((SHOP / "history").glob("*.patch")))
    assert all(line.split()[0] == line.split()[1] for line in dates)
    assert git(shop, "status", "--porcelain", "--ignored") == ""


def test_the_hashes_are_the_same_everywhere(shop, tmp_path, monkeypatch):
    """
    A user's configuration (hooks, line endings, signing, an identity) changes no commit.
    """
    hook = tmp_path / "hooks" / "applypatch-msg"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(
        f"[core]\n\tautocrlf = true\n\thooksPath = {hook.parent}\n[commit]\n\tgpgSign = true\n"
        "[user]\n\tname = Somebody Else\n[apply]\n\twhitespace = fix\n[init]\n\tdefaultBranch = x\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))

    again = lay_out(tmp_path / "shop")

    assert git(again, "rev-parse", "main") == git(shop, "rev-parse", "main")


def test_nobody_in_the_history_is_real(shop):
    """
    People have addresses at example.org; only agents have those of their real marks.
    """
    people = set(git(shop, "log", "--format=%ae%n%ce").split())

    agents = {one for one in people if not one.endswith("@example.org")}
    assert agents == {"198982749+Copilot@users.noreply.github.com"}


def test_an_earlier_demo_is_replaced(tmp_path):
    """
    Whoever runs the demo twice gets a fresh one, whatever became of the first.
    """
    folder = lay_out(tmp_path / "shop")
    (folder / "notes.txt").write_text("of the first")

    lay_out(folder)

    assert not (folder / "notes.txt").exists()
    assert (folder / MARKER).exists()
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


@pytest.mark.parametrize("kind", ["folder", "file", "repository", "link"])
def test_what_is_no_earlier_demo_stays(tmp_path, kind):
    """
    A folder with anything else in it is refused in one line, and left as it was.
    """
    folder = tmp_path / "mine"
    if kind == "file":
        folder.write_text("mine")
    elif kind == "link":
        folder.symlink_to(lay_out(tmp_path / "elsewhere"))
    else:
        folder.mkdir()
        (folder / "mine.txt").write_text("mine")
        if kind == "repository":
            git(folder, "init", "--quiet")

    with pytest.raises(UsageError, match=r"mine .*; name another folder with --dir$"):
        lay_out(folder)

    assert folder.is_symlink() or folder.is_file() or (folder / "mine.txt").exists()


def test_an_empty_folder_is_taken(tmp_path):
    """
    A folder that was made for the demo is used for it.
    """
    (tmp_path / "new").mkdir()

    assert (lay_out(tmp_path / "new") / "pyproject.toml").exists()


def test_a_folder_that_can_not_be_made_is_said(tmp_path):
    """
    Where the folder can't be written, one line says so and what to do.
    """
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match=r"^can't write .*; name another folder with --dir$"):
        lay_out(tmp_path / "file" / "shop")
