"""A line is called a person's only while every declared writer is seen, and none is at work."""

from __future__ import annotations

import re

import pytest

from aiprov_otel.history.query import query_file
from support.desk import Desk
from support.hook_thread import hooks_in_this_process

BEGIN = "def total(items):\n    return sum(items)\n\n\ndef count(items):\n    return len(items)\n"


@pytest.fixture
def watching(tmp_path):
    """A clone whose user declared Claude Code and Codex, which both ran once."""
    desk = Desk(tmp_path / "desk", "--watch")
    with hooks_in_this_process(desk.path):
        for agent in ("claude-code", "codex"):
            turn(desk, agent)
            turn(desk, agent, "Stop")
        desk.write("shop.py", BEGIN)
        desk.commits("Begin")
        yield desk
    assert desk.trouble() == ""


def turn(desk: Desk, agent: str = "claude-code", event: str = "UserPromptSubmit") -> None:
    desk.event(agent, {"hook_event_name": event, "session_id": "t"})


def types(desk: Desk, name: str = "price") -> None:
    """A person types one line."""
    desk.person_replaces("shop.py", "return sum(items)", f"return sum(items, {name})")


def humans(desk: Desk) -> list[str]:
    """The lines of the last commit that its note calls a person's."""
    return desk.attested(who="h").get("shop.py", [])


def test_a_line_that_was_watched(watching):
    """
    What a person types is `human` by evidence `watched`, which is weak, and names nobody.
    """
    types(watching)
    watching.commits("A price")

    assert humans(watching) == ["return sum(items, price)"]
    answer = query_file(watching.path / "shop.py", None, history=True)
    provenance = answer.decisions[1].provenance
    assert provenance.origin == "human"
    assert (provenance.evidence, provenance.strength) == ("watched", "weak")
    assert (provenance.agent, provenance.model) == (None, None)
    assert not re.search(r"\bada\b", watching.note().lower())  # hashes may have the letters


def test_a_person_inside_of_an_agent_s_lines(watching):
    """
    What a person changes in an agent's lines is theirs, line by line.
    """
    turn(watching)
    watching.agent_edits("shop.py", "    return len(items)\n", "    n = len(items)\n    return n\n")
    turn(watching, event="Stop")
    watching.person_replaces("shop.py", "    return n\n", "    return n or 1\n")
    watching.commits("Count")

    assert watching.attested(who="claude") == {"shop.py": ["n = len(items)"]}
    assert humans(watching) == []  # the session of the edit has not ended


@pytest.mark.parametrize("kind", ["files", "turns"])
def test_a_record_that_broke(watching, kind):
    """
    Where it can't be read any more what a file was, or who is at work, no line is a person's.
    """
    old, new = "    return len(items)\n", "    return len(items) or 1\n"
    turn(watching)
    if kind == "files":
        watching.agent_edits("shop.py", old, new, session="t")
        turn(watching, event="Stop")
    else:
        watching.person_replaces("shop.py", old, new)  # by an agent without its hooks
    for file in (watching.path / ".git/aiprov" / kind).iterdir():
        file.write_bytes(b"{")
    watching.commits("Count")
    types(watching)
    watching.commits("A price")

    assert "len(items)" not in "".join(watching.attested("HEAD~1", "h").get("shop.py", []))
    assert humans(watching) == []
    (watching.path / ".git/aiprov/log").unlink()


def test_after_the_turn(watching):
    """
    A line that comes after the agent has said that it finished is watched again.
    """
    turn(watching)
    fields = {"session": "t"}
    watching.agent_edits(
        "shop.py", "    return len(items)\n", "    n = len(items)\n    return n\n", **fields
    )
    turn(watching, event="Stop")
    watching.person_replaces("shop.py", "    return n\n", "    return n or 1\n")
    watching.commits("Count")

    assert watching.attested(who="claude") == {"shop.py": ["n = len(items)"]}
    assert humans(watching) == ["return n or 1"]


def during_a_turn(desk):
    turn(desk)
    types(desk)


def before_an_unseen_end(desk):
    types(desk)
    turn(desk, event="Stop")


def after_an_edit_without_an_end(desk):
    desk.agent_writes("other.py", "x = 1\n")
    types(desk)


def pasted(desk):
    desk.person_replaces("shop.py", "\n\n\n", "\n\n\nA = 1\nB = 2\nC = 3\n\n\n")


def formatted(desk):
    desk.person_replaces("shop.py", "sum(items)", "sum( items )")


def formatted_and_shortened(desk):
    formatted(desk)
    desk.person_replaces("shop.py", "def count(items):\n", "")


def moved(desk):
    text = desk.read("shop.py").splitlines(keepends=True)
    desk.write("shop.py", "".join([*text[2:], *text[:2]]))


def checked_out(desk):
    desk.git("checkout", "-qb", "side")
    desk.commit("shop.py", BEGIN.replace("len", "length"))
    desk.git("checkout", "-q", "main")
    desk.git("checkout", "-q", "side", "--", "shop.py")


def restored_from_an_older_commit(desk):
    desk.agent_edits("shop.py", "len(items)", "len(items or ())", session="t")
    turn(desk, event="Stop")
    desk.git("commit", "-qam", "None at all")
    desk.git("checkout", "-q", "HEAD~1", "--", "shop.py")


def checked_out_before_another_commit(desk):
    checked_out(desk)
    desk.git("reset", "-q")
    desk.write("other.py", "x = 1\n")
    desk.git("add", "other.py")
    desk.git("commit", "-qm", "Another")


def stashed_elsewhere(desk):
    desk.write("shop.py", BEGIN.replace("len", "length"))
    desk.git("stash", "-q")
    desk.git("stash", "apply", "-q")


def in_the_middle_of_a_merge(desk):
    desk.git("checkout", "-qb", "side")
    desk.commit("other.py", "x = 1\n")
    desk.git("checkout", "-q", "main")
    desk.git("merge", "-q", "--no-ff", "--no-commit", "side")
    types(desk)


def a_generated_file(desk):
    desk.write("made.py", "A = 1\nB = 2\nC = 3\n")


def a_formatter_before_the_commit(desk):
    desk.write(".git/hooks/pre-commit", "#!/bin/sh\ntrue\n").chmod(0o755)
    types(desk)


def hidden_from_the_editor(desk):
    types(desk)
    desk.write("shop.py", desk.read("shop.py") + "A = 1\nB = 2\n")
    desk.saved("shop.py")


@pytest.mark.parametrize(
    "happens",
    [
        during_a_turn, before_an_unseen_end, after_an_edit_without_an_end, pasted, formatted,
        formatted_and_shortened, moved,
        checked_out, checked_out_before_another_commit,
        restored_from_an_older_commit, stashed_elsewhere,
        in_the_middle_of_a_merge, a_generated_file, a_formatter_before_the_commit,
        hidden_from_the_editor,
    ],
)  # fmt: skip
def test_what_can_not_be_answered_for(watching, happens):
    """
    While an agent is at work or unfinished, and for what a paste, a formatter, a generator or git
    may have brought, no line is a person's.
    """
    happens(watching)
    watching.commits("Change it")

    assert watching.attested(who="h") == {}


def test_an_agent_that_runs_git(watching):
    """
    A commit that an agent makes calls no line a person's.
    """
    types(watching)
    watching.git("add", "--all")
    watching.git("commit", "-qm", "By an agent", CLAUDECODE="1")
    assert watching.attested(who="h") in ({}, {"shop.py": ["return sum(items, price)"]})


@pytest.mark.parametrize("options", [(), ("--watch",)])
def test_without_a_declaration_or_a_sign_of_life(tmp_path, options):
    """
    Without the declaration, or before a hook of each declared agent has run, nothing is a person's.
    """
    desk = Desk(tmp_path / "desk", *options)
    desk.write("shop.py", BEGIN)
    desk.commits("Begin")
    types(desk)
    desk.commits("A price")

    assert desk.attested() == {}


def test_an_editor_that_says_when_it_saves(watching):
    """
    With an editor that calls `aiprov record editor FILE`, a function typed line by line is watched.
    """
    for line in ("", "", "def mean(items):", "    n = count(items)", "    return total(items) / n"):
        watching.write("shop.py", watching.read("shop.py") + line + "\n")
        watching.saved("shop.py")
    watching.commits("Mean")

    assert [row for row in humans(watching) if row] == [
        "def mean(items):",
        "n = count(items)",
        "return total(items) / n",
    ]


def test_a_repository_captured_from_its_first_commit(tmp_path):
    """
    Where every writer is declared and every save is seen, less than 5 % of the lines are unknown.
    """
    desk = Desk(tmp_path / "desk", "--watch", agents="claude-code")
    with hooks_in_this_process(desk.path):
        turn(desk)
        turn(desk, event="Stop")
        for day in range(4):
            name = f"module_{day}.py"
            body = "".join(f"    step_{day}_{n} = item * {n}\n" for n in range(12))
            turn(desk)
            text = f"def work_{day}(item):\n{body}    return item\n"
            desk.agent_writes(name, text, session="t")
            turn(desk, event="Stop")
            desk.commits(f"Day {day}, an agent")
            for n in range(4):
                desk.person_replaces(name, f"item * {n}\n", f"item * {n} + {day}\n")
                desk.saved(name)
            for line in ("", "", f"LIMIT_{day} = {day}", f"NAMES_{day} = []"):
                desk.write(name, desk.read(name) + line + "\n")
                desk.saved(name)
            desk.commits(f"Day {day}, a person")
            if day % 2:
                desk.git("commit", "-q", "--amend", "-m", f"Day {day}, said better")
        desk.git("checkout", "-qb", "side", "HEAD~2")
        turn(desk)
        desk.agent_writes("module_4.py", "def work_4(item):\n    return item * 4\n", session="t")
        turn(desk, event="Stop")
        desk.commits("An agent on a branch")
        for line in ("", "", "LIMIT_4 = 4"):
            desk.write("module_4.py", desk.read("module_4.py") + line + "\n")
            desk.saved("module_4.py")
        desk.commits("A person on a branch")
        desk.git("rebase", "-q", "main")
        desk.git("checkout", "-q", "main")
        desk.git("merge", "-q", "--squash", "side")
        desk.git("commit", "-qm", "All of the branch")
        desk.git("revert", "--no-edit", "HEAD")
        desk.git("revert", "--no-edit", "HEAD")
    origins = [origin for day in range(5) for origin in desk.blame(f"module_{day}.py")]

    assert {"ai", "human"} <= {*origins}
    assert origins.count("unknown") < 0.05 * len(origins)
