"""
What each agent's hooks get, by its documentation, becomes the lines that it wrote.

`events/` has a file per agent, made by hand from the documentation that it names.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aiprov_otel.capture.agents import AGENTS, REST, TURN
from aiprov_otel.capture.inputs import parse
from support.desk import Desk

EVENTS = Path(__file__).with_name("events")
SHOP = "def total(items):\n    return sum(items)\n"
EDITED = "def total(items):\n    total = sum(items)\n    return round(total, 2)\n"
TOOLS = {
    "claude": "claude-opus-4-6",
    "codex": "gpt-5.4-codex",
    "cursor": "claude-4.6-opus-high-thinking",
    "gemini": "gemini-3-pro",
    "github-copilot": "unknown",
    "windsurf": "Claude Sonnet 4.5",
    "cline": "claude-opus-4-6",
    "opencode": "claude-opus-4-6",
}
TRANSCRIPTS = {"claude-code": "claude-opus-4-6", "gemini-cli": "gemini-3-pro"}


def events(agent: str, root: Path) -> dict[str, dict[str, dict]]:
    """The events of *agent* in the repository at *root*, by what it does, before and after."""
    text = (EVENTS / f"{agent}.json").read_text()
    return json.loads(text.replace("ROOT", str(root)))


def test_every_agent_has_its_events():
    """
    No agent is in the table without the events of its documentation, and the page that they are of.
    """
    assert {file.stem for file in EVENTS.glob("*.json")} == {*AGENTS}
    for agent in AGENTS:
        assert events(agent, Path())["checked_against"]


@pytest.mark.parametrize("agent", AGENTS)
def test_its_lines_are_recorded(agent, tmp_path):
    """
    An edit, a new file and a command of a shell leave the agent's lines, and only those.
    """
    desk = Desk(tmp_path / "desk", agents=agent)
    model = TRANSCRIPTS.get(agent, "none")
    rows = [{"type": "user"}, {"message": {"model": "older-1"}}, {"message": {"model": model}}]
    (tmp_path / "transcript.jsonl").write_text("\n".join(map(json.dumps, rows)))
    desk.write("shop.py", SHOP)
    desk.commits("Begin")
    does = {
        "edit": lambda: desk.write("shop.py", EDITED),
        "write": lambda: desk.write("tax.py", "RATE = 0.19\n"),
        "shell": lambda: desk.write("gift.py", "WRAP = True\n"),
    }
    by_kind = events(agent, desk.path)
    for kind, act in does.items():
        desk.event(agent, by_kind[kind]["before"])
        act()
        desk.event(agent, by_kind[kind]["after"])
    desk.commits("Work")

    tool = AGENTS[agent].tool
    assert desk.attested(who=tool) == {
        "gift.py": ["WRAP = True"],
        "shop.py": ["total = sum(items)", "return round(total, 2)"],
        "tax.py": ["RATE = 0.19"],
    }
    assert f'"model": "{TOOLS[tool]}"' in desk.note()
    assert "jane" not in desk.note()
    assert desk.trouble() == ""


@pytest.mark.parametrize("agent", AGENTS)
def test_its_turns_are_known(agent, tmp_path):
    """
    The beginning and the end of an agent's turn are told apart, and are of one session.
    """
    turn = events(agent, tmp_path)["turn"]
    begin, end = (parse(agent, json.dumps(turn[name]).encode()) for name in ("begin", "end"))

    assert begin
    assert end
    assert (begin.kind, end.kind) == (TURN, REST)
    assert begin.session == end.session != ""
    assert begin.edits == end.edits == ()


def test_a_completion_is_recorded(tmp_path):
    """
    A line that Cursor's Tab completed is Cursor's, though it has no hook before.
    """
    desk = Desk(tmp_path / "desk", agents="cursor")
    desk.write("shop.py", SHOP)
    desk.commits("Begin")
    desk.write("shop.py", SHOP + 'NAMES = ["apple", "pear"]\n')
    desk.event("cursor", events("cursor", desk.path)["completion"]["after"])
    desk.commits("Work")

    assert desk.attested(who="cursor") == {"shop.py": ['NAMES = ["apple", "pear"]']}


@pytest.mark.parametrize(
    ("agent", "name"), [("claude-code", "PostToolUseFailure"), ("cursor", "postToolUseFailure")]
)
def test_a_command_that_failed(agent, name, tmp_path):
    """
    What a command wrote before it failed is the agent's too; another event announces its end.
    """
    desk = Desk(tmp_path / "desk", agents=agent)
    shell = events(agent, desk.path)["shell"]
    desk.event(agent, shell["before"])
    desk.write("gift.py", "WRAP = True\n")
    desk.event(agent, {**shell["after"], "hook_event_name": name, "error": "exit code 1"})
    desk.commits("Work")

    assert desk.attested(who=AGENTS[agent].tool) == {"gift.py": ["WRAP = True"]}


def test_a_turn_that_uses_tools_at_once(tmp_path):
    """
    Windsurf's hooks name the turn, not the use of a tool, and may have ends of lines in a string:
    each of two files that are written at once has its lines.
    """
    desk = Desk(tmp_path / "desk", agents="windsurf")
    write = events("windsurf", desk.path)["write"]
    for moment in ("before", "after"):
        for name in ("tax.py", "vat.py"):
            if moment == "after":
                desk.write(name, "RATE = 0.19\nNAME = 'VAT'\n")
            text = json.dumps(write[moment]).replace("tax.py", name)
            text = text.replace("0.19\\n", "0.19\nNAME = 'VAT'\n")
            desk.input("windsurf", text.encode())
    desk.commits("Work")

    lines = ["RATE = 0.19", "NAME = 'VAT'"]
    assert desk.attested() == {"tax.py": lines, "vat.py": lines}


def test_hooks_that_another_agent_runs(tmp_path):
    """
    Cursor and VS Code run the hooks in Claude Code's settings too: the lines are those of whoever
    wrote them.
    """
    for agent, kind in (("cursor", "edit"), ("github-copilot", "vscode")):
        document = json.dumps(events(agent, tmp_path)[kind]["after"])
        event = parse("claude-code", document.replace("postToolUse", "PostToolUse").encode())
        assert event
        assert event.agent == agent


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"null", b"{", b'{"hook_event_name": 3}', b"\xff\xfe", b'{"a":' * 100_000,
     b'{"hook_event_name": "PostToolUse", "tool_input": [1, 2]}',
     b'{"hook_event_name": "PostToolUse", "tool_input": {"file_path": 3, "edits": [1, {"x": 2}]}}'],
)  # fmt: skip
def test_other_input_is_left_alone(text):
    """
    What is not an event of the documentation is no event, or one without an edit.
    """
    event = parse("claude-code", text)
    assert event is None or event.edits == ()
