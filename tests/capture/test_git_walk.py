"""What agents wrote stays theirs through what people do with git on a long day, in other ways."""

from __future__ import annotations

import subprocess

import pytest

from support.desk import Desk
from support.hook_thread import hooks_in_this_process

pytestmark = pytest.mark.matrix

TAX = ["def tax(price):", "return price * 0.19"]
SYS = ["import sys"]


@pytest.fixture
def branch(tmp_path):
    """Two commits on a branch: of an agent in tax.py, of an agent and a person in shop.py."""
    desk = Desk(tmp_path / "desk")
    with hooks_in_this_process(desk.path):
        desk.write("shop.py", "import os\n\n\ndef total(items):\n    return sum(items)\n")
        desk.commits("Begin")
        desk.git("checkout", "-qb", "feature")
        desk.agent_writes("tax.py", "def tax(price):\n    return price * 0.19\n")
        desk.commits("Add tax")
        desk.agent_edits("shop.py", "import os\n", "import os\nimport sys\n")
        desk.person_replaces("shop.py", "return sum(items)", "return round(sum(items), 2)")
        desk.commits("Import sys")
        yield desk
    assert desk.trouble() == ""


def moves_on(desk: Desk) -> None:
    """A person commits to the main branch, in the same file."""
    desk.git("checkout", "-q", "main")
    desk.write("shop.py", "#!/usr/bin/env python\n" + desk.read("shop.py"))
    desk.commits("Run it")
    desk.git("checkout", "-q", "feature")


def fails(desk: Desk, *arguments: str) -> None:
    with pytest.raises(AssertionError):
        desk.git(*arguments)


def test_autosquash(branch):
    """
    A fixup of an agent that git melts by itself is in the note of the commit that it fixes.
    """
    branch.agent_edits(
        "tax.py", "    return price * 0.19\n", "    rate = 0.19\n    return price * rate\n"
    )
    branch.git("commit", "-qa", "--fixup", "HEAD~1")
    branch.git("rebase", "-q", "-i", "--autosquash", "main", GIT_SEQUENCE_EDITOR="true")

    assert branch.attested("HEAD~1") == {
        "tax.py": ["def tax(price):", "rate = 0.19", "return price * rate"]
    }
    assert branch.attested() == {"shop.py": SYS}


def test_autostash(branch):
    """
    What an agent wrote and nobody committed survives a rebase that stashes it meanwhile.
    """
    moves_on(branch)
    branch.agent_edits("tax.py", "0.19\n", "0.19\n\n\nRATE = 0.19\n")
    branch.git("rebase", "-q", "--autostash", "main")
    assert branch.attested() == {"shop.py": SYS}
    branch.commits("A rate")
    assert [row for row in branch.attested()["tax.py"] if row] == ["RATE = 0.19"]


def test_a_pull_that_stashes(branch, tmp_path):
    """
    So it does `git pull --rebase --autostash`.
    """
    branch.git("clone", "-q", "--bare", ".", str(tmp_path / "server.git"))
    branch.git("remote", "add", "origin", str(tmp_path / "server.git"))
    other = Desk.clone(tmp_path / "server.git", tmp_path / "other")
    other.git("checkout", "-q", "feature")
    other.write("readme", "Hello\n")
    other.commits("Read me")
    other.git("push", "-q", "origin", "feature")
    branch.agent_edits("tax.py", "0.19\n", "0.19\n\n\nRATE = 0.19\n")
    branch.git("pull", "-q", "--rebase", "--autostash", "origin", "feature")
    branch.commits("A rate")
    assert [row for row in branch.attested()["tax.py"] if row] == ["RATE = 0.19"]


def test_a_commit_that_is_split(branch):
    """
    A commit that a rebase stops at, and that is committed in two parts, has its lines in both.
    """
    branch.agent_writes("a.py", "first = 1\n")
    branch.agent_writes("b.py", "second = 2\n")
    branch.commits("Both")
    branch.git("rebase", "-q", "-i", "HEAD~1", GIT_SEQUENCE_EDITOR="sed -i -e '1s/pick/edit/'")
    branch.git("reset", "-q", "HEAD~1")
    for name in ("a.py", "b.py"):
        branch.git("add", name)
        branch.git("commit", "-qm", name)
    branch.git("rebase", "--continue")
    assert branch.attested("HEAD~1") == {"a.py": ["first = 1"]}
    assert branch.attested() == {"b.py": ["second = 2"]}


def test_a_rebase_of_merges(branch):
    """
    A rebase that keeps merges, and one from the root, carry the notes.
    """
    branch.git("checkout", "-qb", "side", "HEAD~1")
    branch.agent_writes("side.py", "side = 1\n")
    branch.commits("Side")
    branch.git("checkout", "-q", "feature")
    branch.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    moves_on(branch)
    branch.git("rebase", "-q", "--rebase-merges", "main")
    names = branch.git("rev-list", "--no-merges", "main..HEAD").split()
    found = [path for name in names for path in branch.attested(name)]
    assert sorted(found) == ["shop.py", "side.py", "tax.py"]

    branch.git("rebase", "-q", "--root", "--force-rebase")
    assert branch.blame("tax.py") == ["ai", "ai"]


def test_several_picks_at_once(branch):
    """
    A range of commits that is picked brings the lines of each, and so does one without a commit.
    """
    branch.git("checkout", "-q", "main")
    branch.git("cherry-pick", "main..feature")
    assert branch.attested("HEAD~1") == {"tax.py": TAX}
    assert branch.attested() == {"shop.py": SYS}


def test_a_revert_of_a_revert(branch):
    """
    What a revert of a revert brings back is the agent's again.
    """
    branch.git("revert", "--no-edit", "HEAD~1")
    assert branch.attested() == {}
    branch.git("revert", "--no-edit", "HEAD")
    assert branch.attested() == {"tax.py": TAX}


def test_a_stash_in_parts(branch):
    """
    A stash of one file, or one that becomes a branch, brings the lines of an agent back.
    """
    branch.agent_edits("tax.py", "0.19\n", "0.19\n\n\nRATE = 0.19\n")
    branch.agent_edits("shop.py", "import sys\n", "import sys\nimport re\n")
    branch.git("stash", "push", "-q", "tax.py")
    branch.commits("Import re")
    assert branch.attested() == {"shop.py": ["import re"]}
    branch.git("stash", "branch", "rates")
    branch.commits("A rate")
    assert [row for row in branch.attested()["tax.py"] if row] == ["RATE = 0.19"]


def test_commit_with_a_patch(branch):
    """
    `git commit --patch` attests what is committed, and the rest with the next commit.
    """
    branch.agent_edits("tax.py", "def tax", "RATE = 0.19\n\n\ndef tax")
    branch.agent_edits("shop.py", "import sys\n", "import sys\nimport re\n")
    branch.git("commit", "-q", "--patch", "-m", "One", stdin=b"y\nn\n")
    assert branch.attested() == {"shop.py": ["import re"]}
    branch.git("commit", "-qam", "Two")
    assert [row for row in branch.attested()["tax.py"] if row] == ["RATE = 0.19"]


def test_a_merge_that_waits(branch):
    """
    A merge that is committed later, and one that is aborted, change nothing for the lines.
    """
    moves_on(branch)
    branch.git("merge", "-q", "--no-commit", "--no-ff", "main")
    branch.agent_edits("tax.py", "price * 0.19", "price * 0.2")
    branch.git("merge", "--abort")
    branch.agent_edits("tax.py", "price * 0.2", "price * 0.21")
    branch.git("merge", "-q", "--no-ff", "-m", "Merge", "--autostash", "main")
    branch.commits("Another rate")
    assert branch.attested() == {"tax.py": ["return price * 0.21"]}


def test_a_switch_with_changes(branch):
    """
    What an agent wrote goes along to another branch.
    """
    branch.agent_writes("new.py", "new = 1\n")
    branch.agent_edits("tax.py", "price * 0.19", "price * 0.2")
    branch.git("switch", "-qc", "other")
    branch.commits("There")
    assert branch.attested() == {"new.py": ["new = 1"], "tax.py": ["return price * 0.2"]}


def test_a_conflict_in_a_rebase(branch):
    """
    Of a conflict that a person resolves, the agent's line stays, and theirs is nobody's.
    """
    branch.git("checkout", "-q", "main")
    branch.person_replaces("shop.py", "import os\n", "import os\nimport io\n")
    branch.commits("Import io")
    branch.git("checkout", "-q", "feature")
    fails(branch, "rebase", "main")
    branch.write(
        "shop.py", "import os\nimport io\nimport sys\n\n\ndef total(items):\n    return 0\n"
    )
    branch.git("add", "shop.py")
    branch.git("rebase", "--continue")
    assert branch.attested() == {"shop.py": SYS}
    assert branch.attested("HEAD~1") == {"tax.py": TAX}


def test_patches_by_mail(branch):
    """
    `git am` brings commits whose notes are elsewhere: what they add is nobody's.
    """
    patch = branch.git("format-patch", "--stdout", "HEAD~1") + "\n"
    branch.git("checkout", "-q", "HEAD~1")
    branch.git("am", "-q", stdin=patch.encode())
    assert branch.attested() in ({}, {"shop.py": SYS})


def test_from_below(branch):
    """
    A commit that is made in a folder below the root, with git's own variables, has its note.
    """
    branch.agent_writes("deep/er/a.py", "here = 1\n")
    environment = {"GIT_DIR": str(branch.path / ".git"), "GIT_WORK_TREE": str(branch.path)}
    branch.git("-C", "deep", "add", ".", **environment)
    branch.git("-C", "deep/er", "commit", "-qm", "Deep", **environment)
    assert branch.attested() == {"deep/er/a.py": ["here = 1"]}


def test_a_folder_of_git_elsewhere(tmp_path):
    """
    A repository whose `.git` is a file that leads elsewhere is recorded like any other.
    """
    (tmp_path / "work").mkdir()
    subprocess.run(
        [
            "git",
            "init",
            "-q",
            "--separate-git-dir",
            str(tmp_path / "store"),
            str(tmp_path / "work"),
        ],
        check=True,
    )
    desk = Desk(tmp_path / "work")
    desk.agent_writes("a.py", "x = 1\n")
    desk.commits("First")
    assert desk.attested() == {"a.py": ["x = 1"]}
