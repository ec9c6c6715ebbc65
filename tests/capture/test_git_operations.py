"""What agents wrote stays theirs, whatever git does with the commits; and nothing else does."""

from __future__ import annotations

import pytest

from support.desk import MODEL, Desk

pytestmark = pytest.mark.matrix

TAX = "def tax(price):\n    return price * 0.19\n"


def sequence(*edits: str) -> dict[str, str]:
    """The environment that makes `git rebase -i` change its list by these commands of sed."""
    script = " ".join(f"-e '{edit}'" for edit in edits)
    return {"GIT_SEQUENCE_EDITOR": f"sed -i {script}"}


@pytest.fixture
def branch(desk):
    """Two commits on a branch: of an agent in tax.py, of an agent and a person in shop.py."""
    desk.git("checkout", "-qb", "feature")
    desk.agent_writes("tax.py", TAX)
    desk.commits("Add tax")
    desk.agent_edits("shop.py", "import os\n", "import os\nimport sys\n")
    desk.person_replaces("shop.py", "return sum(items)", "return round(sum(items), 2)")
    desk.commits("Import sys")
    assert desk.attested("HEAD^") == {"tax.py": ["def tax(price):", "return price * 0.19"]}
    assert desk.attested() == {"shop.py": ["import sys"]}
    return desk


def test_lines_are_read_back(branch):
    """
    What the hooks recorded is what `aiprov blame` shows, with agent and model; the rest is unknown.
    """
    assert branch.blame("tax.py") == ["ai", "ai"]
    assert branch.blame("shop.py") == ["unknown", "ai", "unknown", "unknown", "unknown", "unknown"]
    assert MODEL in branch.note()


def test_amend(branch):
    """
    An amended commit keeps its lines, gets those that are new, and loses those that are gone.
    """
    branch.git("commit", "--quiet", "--amend", "--message", "Say it better")
    assert branch.attested() == {"shop.py": ["import sys"]}

    branch.person_replaces("shop.py", "import sys", "import sys as system")
    branch.agent_edits("shop.py", "import os\n", "import os\nimport re\n")
    branch.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    assert branch.attested() == {"shop.py": ["import re"]}


def test_notes_that_git_copies(branch):
    """
    Where git is told to copy notes itself, which puts them one after the other, ours are right.
    """
    branch.git("config", "notes.rewriteRef", "refs/notes/ai")
    branch.agent_edits("shop.py", "import os\n", "import os\nimport re\n")
    branch.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    assert branch.attested() == {"shop.py": ["import re", "import sys"]}

    branch.git("rebase", "-q", "-i", "main", **sequence("2s/pick/fixup/"))
    assert {path: len(rows) for path, rows in branch.attested().items()} == {
        "shop.py": 2,
        "tax.py": 2,
    }


def test_rebase(branch):
    """
    A rebase onto other commits, also of the same file, carries the notes.
    """
    branch.git("checkout", "-q", "main")
    branch.write("shop.py", "#!/usr/bin/env python\n" + branch.read("shop.py"))
    branch.commits("Run it")
    branch.git("checkout", "-q", "feature")
    branch.git("rebase", "-q", "main")

    assert branch.attested("HEAD^") == {"tax.py": ["def tax(price):", "return price * 0.19"]}
    assert branch.attested() == {"shop.py": ["import sys"]}
    assert branch.blame("shop.py")[:3] == ["unknown", "unknown", "ai"]


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        ("2s/pick/squash/", [{"tax.py": 2, "shop.py": 1}]),
        ("2s/pick/fixup/", [{"tax.py": 2, "shop.py": 1}]),
        ("1s/pick/reword/", [{"shop.py": 1}, {"tax.py": 2}]),
        ("1{h;d};2G", [{"tax.py": 2}, {"shop.py": 1}]),
        ("1d", [{"shop.py": 1}]),
    ],
    ids=["squash", "fixup", "reword", "reorder", "drop"],
)
def test_interactive_rebase(branch, edit, wanted):
    """
    Squash, fixup, reword, reorder and drop leave each line with its writer.
    """
    branch.git("rebase", "-q", "-i", "main", **sequence(edit))

    names = [f"HEAD~{number}" for number in range(len(wanted))]
    notes = [{path: len(t) for path, t in branch.attested(name).items()} for name in names]
    assert notes == wanted


def test_a_stop_for_an_edit(branch):
    """
    What an agent writes while a rebase stops for an edit is in the note of the edited commit.
    """
    branch.git("rebase", "-q", "-i", "main", **sequence("1s/pick/edit/"))
    branch.agent_edits("tax.py", "0.19\n", "0.19\n\n\nRATE = 0.19\n")
    branch.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    branch.git("rebase", "--continue")

    texts = branch.attested("HEAD^")["tax.py"]
    assert [text for text in texts if text] == [
        "def tax(price):",
        "return price * 0.19",
        "RATE = 0.19",
    ]
    assert branch.attested() == {"shop.py": ["import sys"]}


def test_cherry_pick(branch):
    """
    A commit that is picked from elsewhere brings its lines along, also through a conflict.
    """
    branch.git("checkout", "-q", "main")
    branch.git("cherry-pick", "feature~1")
    assert branch.attested() == {"tax.py": ["def tax(price):", "return price * 0.19"]}

    branch.person_replaces("shop.py", "import os", "import io")
    branch.commits("Another module")
    with pytest.raises(AssertionError):
        branch.git("cherry-pick", "feature")
    branch.write("shop.py", "import io\nimport sys\n\n\ndef total(items):\n    return 0\n")
    branch.git("add", "shop.py")
    branch.git("-c", "core.editor=true", "cherry-pick", "--continue")
    assert branch.attested() == {"shop.py": ["import sys"]}


def test_revert(branch):
    """
    Lines that a revert brings back are whose they were; those that it restores have no writer here.
    """
    branch.git("rm", "-q", "tax.py")
    branch.commits("Drop tax")
    branch.git("revert", "--no-edit", "HEAD")
    assert branch.attested() == {"tax.py": ["def tax(price):", "return price * 0.19"]}

    branch.git("revert", "--no-edit", "feature~2")
    assert branch.attested() == {}


def test_stash(desk):
    """
    What an agent wrote before a stash is its own when it is back, also after a commit in between.
    """
    desk.agent_edits("shop.py", "import os\n", "import os\nimport sys\n")
    desk.git("stash", "-q")
    desk.write("other.py", "x = 1\n")
    desk.commits("Something else")
    desk.git("stash", "pop", "-q")
    desk.commits("Import sys")

    assert desk.attested() == {"shop.py": ["import sys"]}
    assert desk.attested("HEAD^") == {}


def test_merge(branch):
    """
    A merge has no note of its own; in one with a conflict, the lines of an agent's solution have.
    """
    branch.git("checkout", "-q", "main")
    branch.write("shop.py", "import io\n\n\ndef total(items):\n    return 0\n")
    branch.commits("Another module")
    with pytest.raises(AssertionError):
        branch.git("merge", "-q", "feature")
    solution = "import io\nimport sys\n\n\ndef total(items):\n    return sum(items) or None\n"
    branch.agent_writes("shop.py", solution)
    branch.commits("Merge it")

    assert branch.attested() == {"shop.py": ["return sum(items) or None"]}
    assert branch.blame("shop.py") == ["unknown", "ai", "unknown", "unknown", "unknown", "ai"]

    branch.git("checkout", "-qb", "quiet", "HEAD^")
    branch.git("merge", "-q", "--no-ff", "-m", "Nothing to solve", "main")
    assert branch.note() in {"", branch.note("main")}


def test_squash_merge(branch):
    """
    `git merge --squash` makes one commit of a branch, with the lines of all of it.
    """
    branch.git("checkout", "-q", "main")
    branch.git("merge", "-q", "--squash", "feature")
    branch.git("commit", "--quiet", "--message", "All of it")

    assert branch.attested() == {
        "shop.py": ["import sys"],
        "tax.py": ["def tax(price):", "return price * 0.19"],
    }


@pytest.mark.parametrize("mode", ["--soft", "--mixed"])
def test_reset_and_commit_again(branch, mode):
    """
    Commits that are taken back and committed anew keep their lines.
    """
    branch.git("reset", "-q", mode, "main")
    branch.git("checkout", "-qb", "again")
    branch.commits("All of it")

    assert branch.attested() == {
        "shop.py": ["import sys"],
        "tax.py": ["def tax(price):", "return price * 0.19"],
    }


def test_partial_commits(desk):
    """
    Of what is staged in part, each commit attests its own lines.
    """
    desk.agent_writes("a.py", "first = 1\n")
    desk.git("add", "a.py")
    desk.agent_edits("a.py", "first = 1\n", "first = 1\nsecond = 2\n")
    desk.agent_edits("shop.py", "import os\n", "import os\nimport sys\n")
    desk.git("commit", "--quiet", "--message", "The first")
    assert desk.attested() == {"a.py": ["first = 1"]}

    desk.git("add", "--patch", stdin=b"y\n" * 3)
    desk.git("commit", "--quiet", "--message", "The rest")
    assert desk.attested() == {"a.py": ["second = 2"], "shop.py": ["import sys"]}


def test_a_rename(desk):
    """
    A file that is renamed before the commit keeps what an agent wrote in it.
    """
    desk.agent_edits("shop.py", "import os\n", "import os\nimport sys\n")
    desk.git("mv", "shop.py", "store.py")
    desk.commits("Rename it")

    assert desk.attested() == {"store.py": ["import sys"]}

    desk.agent_writes("new.py", "long_name = 1\n")
    (desk.path / "new.py").rename(desk.path / "newer.py")
    desk.commits("Never committed under its first name")
    assert desk.attested() == {"newer.py": ["long_name = 1"]}


def test_a_formatter_as_a_hook(desk):
    """
    A formatter that runs before the commit takes the lines that it changes, and no others.
    """
    desk.write(".git/hooks/pre-commit", "#!/bin/sh\nsed -i 's/x=1/x = 1/' tax.py && git add -u\n")
    (desk.path / ".git/hooks/pre-commit").chmod(0o755)
    desk.agent_writes("tax.py", "x=1\nlong_name = 2\n")
    desk.commits("Formatted")
    assert desk.attested() == {"tax.py": ["long_name = 2"]}

    desk.agent_edits("tax.py", "long_name = 2\n", "long_name = 2\nx=1\n")
    desk.commits("Not formatted", "--no-verify")
    assert desk.attested() == {"tax.py": ["x=1"]}


def test_linked_work_trees(desk, tmp_path):
    """
    Each work tree has a journal of its own, and all write to the same notes.
    """
    desk.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = Desk(tmp_path / "side", enable=False)
    side.agent_writes("side.py", "here = 1\n")
    desk.agent_writes("main.py", "there = 2\n")
    side.commits("Side")
    desk.commits("Main")

    assert side.attested() == {"side.py": ["here = 1"]}
    assert desk.attested() == {"main.py": ["there = 2"]}


def test_a_submodule(desk, tmp_path):
    """
    What an agent writes in a submodule is recorded there, if it was initialized, and nowhere else.
    """
    library = Desk(tmp_path / "library", enable=False)
    library.commit("lib.py", "x = 1\n")
    desk.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.path), "lib")
    desk.commits("Add a library")
    inner = Desk(desk.path / "lib")
    desk.agent_writes("lib/lib.py", "x = 1\nyes = 2\n")
    inner.commits("Inside")

    assert inner.attested() == {"lib.py": ["yes = 2"]}
    assert not any((desk.path / ".git/aiprov/files").glob("*"))


def test_the_first_commit_of_all(tmp_path):
    """
    A repository without any commit is recorded from its first one on, and so is a detached HEAD.
    """
    desk = Desk(tmp_path / "new")
    desk.agent_writes("a.py", "x = 1\n")
    desk.commits("First")
    assert desk.attested() == {"a.py": ["x = 1"]}

    desk.git("checkout", "-q", "--detach")
    desk.agent_writes("a.py", "x = 1\ny = 2\n")
    desk.commits("Second")
    assert desk.attested() == {"a.py": ["y = 2"]}
    assert desk.trouble() == ""


def test_a_command_that_commits(desk):
    """
    What a command writes and commits in one go is the agent's, as far as the command contains it.
    """
    desk.agent_runs("echo 'RATE = 0.19' >tax.py && git add tax.py && git commit -qm Tax")
    assert desk.attested() == {"tax.py": ["RATE = 0.19"]}

    desk.agent_runs("sed -i s/0.19/0.2/ tax.py && git commit -qam 'Another rate'")
    assert desk.attested() == {}
