"""The trailer of `aiprov init --trailers` names whose lines a commit has, where git reads it."""

from __future__ import annotations

import pytest

from aiprov_otel.capture.trailer import with_trailers
from support.desk import Desk

OURS = "Assisted-by: claude-code:claude-opus-4-6"
CODEX = "Assisted-by: openai-codex:gpt-5.4"
SCISSORS = "# ------------------------ >8 ------------------------"


@pytest.fixture
def desk(tmp_path):
    """A repository with trailers, in which an agent has changed two files that git knows."""
    desk = Desk(tmp_path / "desk", "--trailers")
    desk.write("a.py", "x = 0\n")
    desk.write("b.py", "y = 0\n")
    desk.commits("Begin")
    desk.agent_writes("a.py", "x = 1\n")
    desk.agent_writes("b.py", "y = 1\n", agent="codex", model="gpt-5.4")
    yield desk
    assert desk.trouble() == ""


def message(desk: Desk) -> str:
    """The message of the last commit."""
    return desk.git("log", "-1", "--format=%B")


def trailers(desk: Desk) -> list[str]:
    """What git itself reads as trailers of the last commit."""
    return desk.git("log", "-1", "--format=%(trailers)").splitlines()


def editor(script: str) -> dict[str, str]:
    """The environment in which the editor of a message is this *script* of sed."""
    return {"GIT_EDITOR": f"sed -i -e '{script}'"}


def test_of_what_is_committed(desk):
    """
    `git commit FILE` names the agent of that file, `--all` those of all, `--patch` those of a part.
    """
    desk.git("commit", "-qm", "One", "--", "b.py")
    assert message(desk) == f"One\n\n{CODEX}"

    desk.git("commit", "-qam", "All")
    assert message(desk) == f"All\n\n{OURS}"

    desk.agent_edits("a.py", "x = 1\n", "x = 1\nz = 1\n")
    desk.write("a.py", "x = 2\nz = 1\n")
    desk.git("add", "--patch", "a.py", stdin=b"e\n", GIT_EDITOR="sed -i /+z/d")
    desk.git("commit", "-qm", "The line of a person")
    assert message(desk) == "The line of a person"
    desk.git("commit", "-qam", "The line of the agent")
    assert message(desk) == f"The line of the agent\n\n{OURS}"


def test_a_file_that_was_renamed(desk):
    """
    The agent of a file that was renamed since it wrote is named.
    """
    desk.git("mv", "a.py", "c.py")
    desk.git("add", "c.py")
    desk.git("commit", "-qm", "Renamed")
    assert message(desk) == f"Renamed\n\n{OURS}"


@pytest.mark.parametrize("option", ["-q", "-v", "--cleanup=scissors"])
def test_a_message_that_is_written_in_an_editor(desk, option):
    """
    The trailer comes after what the user writes, above comments and the changes of `--verbose`.
    """
    desk.git("commit", option, "-a", **editor("1s/^/Subject\\n\\nText./"))
    assert message(desk) == f"Subject\n\nText.\n\n{OURS}\n{CODEX}"
    assert trailers(desk) == [OURS, CODEX]


@pytest.mark.parametrize("option", ["-q", "-v"])
def test_a_commit_that_is_cancelled(desk, option):
    """
    Whoever closes the editor without a word cancels the commit, as without us; with a template too.
    """
    for more in ((), ("--template=template",)):
        desk.write("template", "Why:\n# Say it in one line.\n")
        with pytest.raises(AssertionError, match="Aborting commit"):
            desk.git("commit", option, "-a", *more)
    desk.git("commit", "-qam", "Another")
    assert message(desk) == f"Another\n\n{OURS}\n{CODEX}"


def test_a_template(desk):
    """
    In a message that begins with a template, the trailer comes after the text of the user.
    """
    desk.write("template", "# What?\n\n# Why?\n")
    desk.git("commit", "-qa", "--template=template", **editor("2s/^/Because./"))
    assert message(desk) == f"Because.\n\n{OURS}\n{CODEX}"


def test_another_character_of_comments(desk):
    """
    Comments begin with what `core.commentChar` says, also where git chooses it.
    """
    desk.git("config", "core.commentChar", ";")
    desk.git("commit", "-v", "a.py", **editor("1s/^/#1 is done/"))
    assert message(desk) == f"#1 is done\n\n{OURS}"

    desk.git("config", "core.commentChar", "auto")
    desk.git("commit", "-v", "b.py", **editor("1s/^/Subject/"))
    assert message(desk) == f"Subject\n\n{CODEX}"


def test_lines_like_comments_without_an_editor(desk):
    """
    What looks like a comment is text where no editor is used, and the trailer comes after it.
    """
    desk.git("commit", "-qam", "Subject\n\n# Why\n\n#1 needs it")
    assert message(desk) == f"Subject\n\n# Why\n\n#1 needs it\n\n{OURS}\n{CODEX}"
    assert trailers(desk) == [OURS, CODEX]


def test_trailers_of_others(desk):
    """
    The trailer joins those that are there, and is not repeated.
    """
    desk.git("commit", "-qm", f"One\n\n{OURS}\nReviewed-by: Ada <ada@example.org>", "a.py")
    assert message(desk) == f"One\n\n{OURS}\nReviewed-by: Ada <ada@example.org>"

    desk.git("commit", "-qsm", "Two", "b.py")
    assert trailers(desk) == ["Signed-off-by: Ada <ada@example.org>", CODEX]


def test_an_agent_that_commits(desk):
    """
    An agent whose variable is set is named for a commit that it makes, and not for those that it
    amends, rebases or picks, which others may have written.
    """
    desk.git("commit", "-qam", "Theirs")
    desk.write("c.py", "z = 1\n")
    desk.git("add", "c.py")
    desk.git("commit", "-qm", "Mine", CLAUDECODE="1")
    assert message(desk) == "Mine\n\nAssisted-by: claude-code:unknown"

    desk.commit("d.py", "w = 1\n", "By a person")
    desk.git("commit", "-q", "--amend", "--date=now", "--no-edit", CLAUDECODE="1")
    assert message(desk) == "By a person"
    desk.git("checkout", "-qb", "side", "HEAD~2")
    desk.commit("e.py", "v = 1\n", "Another person")
    desk.git("rebase", "-q", "main", CLAUDECODE="1")
    assert message(desk) == "Another person"
    desk.git("checkout", "-q", "--detach", "HEAD~2")
    desk.git("cherry-pick", "side", CLAUDECODE="1")
    assert message(desk) == "Another person"


def test_an_amended_commit(desk):
    """
    A commit that an agent's lines are added to names the agent from then on.
    """
    desk.write("c.py", "z = 1\n")
    desk.git("add", "c.py")
    desk.git("commit", "-qm", "By a person")
    assert message(desk) == "By a person"
    desk.git("commit", "-qa", "--amend", "--no-edit")
    assert message(desk) == f"By a person\n\n{OURS}\n{CODEX}"


def test_the_mode_of_a_message(desk):
    """
    The file of the message keeps its mode.
    """
    place = desk.path / ".git/COMMIT_EDITMSG"
    place.chmod(0o600)
    desk.git("commit", "-qam", "All")
    assert place.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        ("# nothing\n", "# nothing\n"),
        ("One\n", "One\n\nT: 1\n"),
        ("One", "One\n\nT: 1\n"),
        ("One\n\n\n# c\n", "One\n\nT: 1\n\n# c\n"),
        (f"One\n{SCISSORS}\n# c\n+T: 1\n", f"One\n\nT: 1\n\n{SCISSORS}\n# c\n+T: 1\n"),
        ("One\n\nA: b\n c\n", "One\n\nA: b\n c\nT: 1\n"),
        ("One\n\nSee: it is so\nand so\n", "One\n\nSee: it is so\nand so\n\nT: 1\n"),
        ("fix: it\n", "fix: it\n\nT: 1\n"),
        ("One\n\nT: 1\n\n# c\n", "One\n\nT: 1\n\n# c\n"),
    ],
)
def test_where_it_goes(text, wanted):
    """
    A trailer is the last paragraph of the text, or in it, and is added once; comments are not text.
    """
    assert with_trailers(text, ["T: 1"], "#", edited=True) == wanted
    assert with_trailers(wanted, ["T: 1"], "#", edited=True) == wanted
