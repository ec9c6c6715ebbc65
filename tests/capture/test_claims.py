"""A note claims no line for an agent but one that its hooks recorded, at the place where it was."""

from __future__ import annotations

import json

import pytest

from aiprov_otel.capture import authorship
from support.desk import Desk
from support.hook_thread import hooks_in_this_process

SHOP = "import os\n\n\ndef total(items):\n    return sum(items)\n"


@pytest.fixture
def desk(tmp_path):
    """A repository with one commit, in which two agents and Cursor's completions are recorded."""
    desk = Desk(tmp_path / "desk", agents="claude-code,codex,cursor")
    with hooks_in_this_process(desk.path):
        desk.write("shop.py", SHOP)
        desk.commits("Begin")
        yield desk
    assert desk.trouble() == ""


def completes(desk: Desk, path: str, new: str) -> None:
    """Cursor has completed a line."""
    edits = [{"old_string": "", "new_string": new}]
    fields = {"hook_event_name": "afterTabFileEdit", "conversation_id": "c"}
    roots = [str(desk.path)]
    file = str(desk.path / path)
    desk.event("cursor", {**fields, "file_path": file, "edits": edits, "workspace_roots": roots})


def test_a_completion_claims_one_line(desk):
    """
    Of several new lines that hold what an editor completed, none is claimed; a single one is.
    """
    desk.write("shop.py", SHOP + "\n\nitems = load(items)\nprint(items)\n")
    completes(desk, "shop.py", "items")
    desk.commits("A word that is everywhere")
    assert desk.attested() == {}

    desk.write("shop.py", desk.read("shop.py") + "names = sorted(items)\nprint(names)\n")
    completes(desk, "shop.py", "sorted(items)")
    desk.commits("A word that is there once")
    assert desk.attested() == {"shop.py": ["names = sorted(items)"]}


def test_an_edit_whose_beginning_was_not_seen(desk):
    """
    Where the hook before an edit is missing, no more lines are claimed than the edit has.
    """
    desk.write("shop.py", SHOP + "\n\ndef far():\n    if late:\n        return None\n")
    desk.agent_edits(
        "shop.py",
        "    return sum(items)\n",
        "    if not items:\n        return None\n    return sum(items)\n",
        before=False,
    )
    desk.commits("Two of them")
    assert desk.attested() == {"shop.py": ["if not items:"]}


def test_a_line_that_is_typed_anew_far_away(desk):
    """
    A line that an agent wrote, which a person removes and types again elsewhere, is the person's.
    """
    body = "".join(f"    step_{n} = items[{n}]\n" for n in range(8))
    desk.agent_edits(
        "shop.py", "    return sum(items)\n", "    if not items:\n        return None\n"
    )
    theirs = f"def count(things):\n{body}    if not things:\n        return None\n    stop()\n"
    desk.write("shop.py", f"import os\n\n\n{theirs}")
    desk.commits("Rewritten")
    assert desk.attested() == {}


def test_lines_that_stay_between_changed_ones(desk):
    """
    A line of an agent whose neighbors a person changes stays the agent's.
    """
    desk.agent_writes("tax.py", "def tax(price):\n    rate = 0.19\n    return price * rate\n")
    desk.write("tax.py", "def vat(price):\n    rate = 0.19\n    return rate * price\n")
    desk.commits("Renamed")
    assert desk.attested() == {"tax.py": ["rate = 0.19"]}

    rows = [f"value_{n} = {n}\n" for n in range(6)]
    desk.agent_writes("many.py", "".join(rows))
    desk.write("many.py", "".join(f"{row}note({n})\n" for n, row in enumerate(rows)))
    desk.commits("A line after each")
    assert desk.attested() == {"many.py": [row.strip() for row in rows]}


def test_a_file_that_is_gone(desk):
    """
    A file that an agent wrote, and that was never committed, claims no line of another file.
    """
    desk.agent_writes("draft.py", "import sys\n\n\ndef main():\n    return sys.argv\n")
    (desk.path / "draft.py").unlink()
    desk.write("shop.py", SHOP.replace("import os\n", "import os\nimport sys\n"))
    desk.write("tool.py", "import sys\n\nprint(sys.path)\n")
    desk.commits("Something else")
    assert desk.attested() == {}


def test_a_file_that_moved(desk):
    """
    A file that was renamed before its first commit keeps its lines, also with some changes.
    """
    desk.agent_writes("draft.py", "import sys\n\n\ndef main():\n    return sys.argv\n")
    (desk.path / "draft.py").rename(desk.path / "tool.py")
    desk.person_replaces("tool.py", "sys.argv", "sys.argv[1:]")
    desk.commits("A tool")
    assert [row for row in desk.attested()["tool.py"] if row] == ["import sys", "def main():"]


def test_a_commit_that_was_thrown_away(desk):
    """
    What `git reset --hard` took away is not claimed for a person who types one of its lines.
    """
    desk.agent_writes("tool.py", "import sys\n\n\ndef main():\n    return sys.argv\n")
    desk.commits("A tool")
    desk.git("reset", "-q", "--hard", "HEAD~1")
    desk.write("tool.py", "import sys\n\nprint(sys.path)\n")
    desk.commits("Another tool")
    assert desk.attested() == {}


def test_a_line_that_comes_back_after_a_reset(desk):
    """
    Once all that a reset took back is committed again, nothing more is taken from there.
    """
    desk.agent_writes("tool.py", "import sys\n\n\ndef main():\n    return sys.argv\n")
    desk.commits("A tool")
    desk.git("reset", "-q", "HEAD~1")
    desk.commits("The tool, again")
    assert "import sys" in desk.attested()["tool.py"]

    desk.git("reset", "-q", "--soft", "HEAD~1")
    desk.commits("And again")
    assert "import sys" in desk.attested()["tool.py"]
    desk.write("other.py", "x = 1\n")
    desk.commits("Another file")
    desk.git("reset", "-q", "HEAD~1")  # back to where the last reset was over
    desk.agent_writes("more.py", "more = 1\n")
    desk.commits("More")
    assert desk.attested() == {"more.py": ["more = 1"]}

    desk.person_replaces("tool.py", "import sys\n", "")
    desk.commits("Without it")
    desk.write("tool.py", "import sys\n" + desk.read("tool.py"))
    desk.commits("Typed by a person")
    assert desk.attested() == {}


def test_a_reset_that_is_committed_in_parts(desk):
    """
    What `git reset` leaves in the work tree is the agent's in each of the commits that follow.
    """
    desk.agent_writes("a.py", "first = 1\n")
    desk.agent_writes("b.py", "second = 2\nthird = 3\n")
    desk.commits("Both")
    desk.git("reset", "-q", "HEAD~1")
    desk.git("add", "a.py")
    desk.git("commit", "-qm", "One")
    desk.commits("Two")
    assert desk.attested("HEAD~1") == {"a.py": ["first = 1"]}
    assert desk.attested() == {"b.py": ["second = 2", "third = 3"]}


def test_a_stash_of_something_else(desk):
    """
    A stash that lies around brings back no line that was never in it.
    """
    desk.write("other.py", "x = 1\n")
    desk.git("add", "other.py")
    desk.git("stash", "-q")
    desk.agent_edits("shop.py", "import os\n", "import os\nimport sys\n")
    desk.person_replaces("shop.py", "import sys\n", "")
    desk.agent_edits("shop.py", "sum(items)", "max(items)")
    desk.person_replaces("shop.py", "import os\n", "import os\nimport sys\n")
    desk.commits("Typed by a person")
    assert desk.attested() == {"shop.py": ["return max(items)"]}


def test_a_stash_of_a_new_file(desk):
    """
    A file of an agent that git does not know yet comes back from a stash with its lines.
    """
    desk.agent_writes("tax.py", "RATE = 0.19\n")
    desk.git("stash", "-q", "--include-untracked")
    desk.git("pack-refs", "--all")
    desk.write("other.py", "x = 1\n")
    desk.commits("Something else")
    desk.git("stash", "pop", "-q")
    desk.commits("Tax")
    assert desk.attested() == {"tax.py": ["RATE = 0.19"]}


def test_a_command_that_never_ended(desk):
    """
    A command whose end was not seen claims no line that a person commits later.
    """
    desk.agent_runs("grep 'import sys' shop.py || true", after=False)
    desk.person_replaces("shop.py", "import os\n", "import os\nimport sys\n")
    desk.commits("By a person")
    assert desk.attested() == {}


def test_more_files_than_are_looked_at(desk):
    """
    A line that was there before a command is not its own, however many files are changed.
    """
    for number in range(600):
        desk.write(f"many/m{number:03}.py", f"import sys, m{number}\n")
    desk.agent_runs("rm many/m000.py && grep 'import sys, m500' many/m500.py")
    desk.commits("All of them")
    assert desk.attested() == {}


def test_a_note_that_git_copied(desk):
    """
    The numbers in a note that git copied to another commit are those of the commit it was for.
    """
    desk.agent_edits("shop.py", "import os\n", "import os\nimport sys\n")
    former = desk.commits("Import sys")
    copied = desk.note()
    desk.write("shop.py", "#!/usr/bin/env python\n" + desk.read("shop.py"))
    desk.git("commit", "-qa", "--amend", "--no-edit", "--no-verify", "-c", "HEAD")
    desk.git("notes", "--ref=ai", "add", "-f", "-m", copied)
    desk.git("checkout", "-q", "--detach", "HEAD~1")
    desk.git("commit", "-q", "--allow-empty", "-m", "Elsewhere")
    desk.git("cherry-pick", "main")

    assert authorship.read(desk.note().encode(), former) == {}
    assert desk.attested() == {"shop.py": ["import sys"]}


def test_a_note_with_lines_of_others(desk):
    """
    Of a note that claims lines of another commit, a rewrite keeps those of this one.
    """
    desk.agent_edits("shop.py", "import os\n", "import os\nimport sys\n")
    commit = desk.commits("Import sys")
    head, _, tail = desk.note().partition("---\n")
    assert json.loads(tail)["base_commit_sha"] == commit
    key = head.split()[1]
    desk.git("notes", "--ref=ai", "add", "-f", "-m", f"shop.py\n  {key} 1-6\n---\n{tail}")
    desk.git("commit", "-q", "--amend", "-m", "Said better")
    assert desk.attested() == {"shop.py": ["import sys"]}
