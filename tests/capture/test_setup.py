"""`aiprov init` installs in the repository's own way, removes exactly that, and says what works."""

from __future__ import annotations

import json
import os
import sys

import pytest

from aiprov_otel.capture.agents import AGENTS
from aiprov_otel.cli.doctor_findings import about_capture
from aiprov_otel.cli.main import main
from support.desk import Desk, tree

MINE = {
    "permissions": {"allow": ["Bash(make:*)"]},
    "hooks": {
        "PostToolUse": [{"matcher": "Edit", "hooks": [{"type": "command", "command": "lint"}]}]
    },
}


def test_everything_is_undone(fresh):
    """
    `--undo` leaves the files, the configuration and the hooks as they were, for every agent.
    """
    fresh.git("remote", "add", "origin", "https://git.example.org/shop.git")
    fresh.write(".claude/settings.json", json.dumps(MINE, indent=4) + "\n")
    fresh.write(".cursor/hooks.json", json.dumps({"version": 1, "hooks": {}}, indent=2) + "\n")
    fresh.write(".git/hooks/post-commit", "#!/usr/bin/env bash\necho committed\n").chmod(0o755)
    before = tree(fresh)
    assert fresh.init("--trailers", "--watch", agents=",".join(AGENTS)) == 0
    installed = tree(fresh)
    assert {name for name in installed if installed[name] != before.get(name)} >= {
        ".claude/settings.json",
        ".clinerules/hooks/PostToolUse",
        ".github/hooks/aiprov.json",
        ".git/hooks/prepare-commit-msg",
        ".git/config",
    }

    assert main(["init", str(fresh.path), "--undo", "--yes"]) == 0
    after = tree(fresh)
    # An object without hooks is worth nothing to Cursor, so it may go.
    before.pop(".cursor/hooks.json")
    assert after == before


def test_what_is_there_is_kept(fresh):
    """
    Settings are merged, in their own indentation; a second `init` changes nothing.
    """
    fresh.write(".claude/settings.json", json.dumps(MINE, indent=4) + "\n")
    fresh.init()
    text = fresh.read(".claude/settings.json")
    settings = json.loads(text)

    assert settings["permissions"] == MINE["permissions"]
    assert settings["hooks"]["PostToolUse"][0] == MINE["hooks"]["PostToolUse"][0]
    assert settings["hooks"]["PostToolUse"][1]["hooks"][0]["command"].startswith(
        "aiprov record claude"
    )
    assert text.startswith('{\n    "permissions"')
    once = tree(fresh)
    fresh.init()
    assert tree(fresh) == once


@pytest.mark.parametrize(
    "text",
    [
        '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "echo"}]}]}, "b": [1,2]}',
        '{\n\t"permissions": {"allow": ["Bash"]}\n\n}',
        '{ "a" : "\\u00e9 {" , "hooks":{"Stop":[{"hooks":[]}]}}\n\n',
        ' {"a":1}',
    ],
)
def test_settings_in_any_hand(fresh, text):
    """
    Settings that a person wrote keep their look: what `init` adds is all that differs, and `--undo`
    takes out just that.
    """
    fresh.write(".claude/settings.json", text)
    fresh.init(agents="claude-code")
    added = fresh.read(".claude/settings.json")
    rest = iter(added)
    assert all(char in rest for char in text)
    hooks = json.loads(added)["hooks"]
    assert all(hooks[event][-1]["hooks"] for event in AGENTS["claude-code"].events)
    assert {**json.loads(added), "hooks": 0} == {**json.loads(text), "hooks": 0}

    main(["init", str(fresh.path), "--undo", "--yes"])
    assert fresh.read(".claude/settings.json") == text


def test_agents_are_found(fresh, capsys):
    """
    Without `--agents`, those whose files the project has are recorded.
    """
    fresh.write("CLAUDE.md", "Be kind.\n")
    fresh.write(".windsurf/rules.md", "Be quick.\n")
    assert main(["init", str(fresh.path), "--yes"]) == 0

    assert "agents   claude-code, windsurf\n" in capsys.readouterr().out
    assert "aiprov record windsurf" in fresh.read(".windsurf/hooks.json")


def test_nothing_is_written_unasked(fresh, capsys):
    """
    Without a terminal and without `--yes`, the plan is shown, and nothing is written.
    """
    before = tree(fresh)
    assert main(["init", str(fresh.path), "--agents", "cursor"]) == 2

    out = capsys.readouterr()
    assert "write    .cursor/hooks.json" in out.out
    assert "add --yes" in out.err
    assert tree(fresh) == before


@pytest.mark.parametrize(("answer", "status"), [(b"y\n", 0), (b"\n", 1)])
def test_it_asks_once(fresh, answer, status, monkeypatch, capsys):
    """
    On a terminal it asks once, and writes only after a yes.
    """
    terminal, keyboard = os.openpty()
    os.write(terminal, answer)
    with os.fdopen(keyboard) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)  # a real terminal, as pytest has closed its own
        assert main(["init", str(fresh.path), "--agents", "cursor"]) == status
    os.close(terminal)

    assert capsys.readouterr().out.count("Go on?") == 1
    assert (fresh.path / ".cursor/hooks.json").is_file() is (status == 0)


def test_where_there_is_no_work_tree(tmp_path, capsys):
    """
    Outside of a repository, and in a bare one, one line says so.
    """
    bare = Desk(tmp_path / "bare", enable=False)
    bare.git("config", "core.bare", "true")
    for folder in (tmp_path, bare.path):
        assert main(["init", str(folder), "--yes"]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("names", ["claude", "claude-code,ada"])
def test_an_unknown_agent_is_named(fresh, names, capsys):
    """
    A name that is no agent's is one line with those that are.
    """
    assert main(["init", str(fresh.path), "--agents", names, "--yes"]) == 2
    assert "is not a known agent; --agents takes claude-code, codex" in capsys.readouterr().err


def modes(desk: Desk) -> dict[str, int]:
    """The mode of each file that `init` may touch."""
    return {name: mode & 0o777 for name, (mode, _) in tree(desk).items()}


def test_modes_are_kept(fresh):
    """
    Files that are changed keep their modes, when they are installed and when they are undone.
    """
    fresh.write(".claude/settings.json", json.dumps(MINE)).chmod(0o600)
    fresh.write(".gemini/settings.json", json.dumps({"theme": "dark"})).chmod(0o755)
    fresh.write(".git/hooks/post-commit", "#!/bin/sh\necho mine\n").chmod(0o700)
    fresh.write(".git/hooks/pre-push", "#!/bin/sh\necho mine\n").chmod(0o775)
    before = modes(fresh)
    fresh.init("--trailers", "--watch", agents=",".join(AGENTS))
    assert "aiprov record" in fresh.read(".gemini/settings.json")
    assert {name: mode for name, mode in modes(fresh).items() if name in before} == before

    assert main(["init", str(fresh.path), "--undo", "--yes"]) == 0
    assert modes(fresh) == before


@pytest.mark.parametrize("name", [".claude", ".claude/settings.json", ".git/hooks", ".git/aiprov"])
def test_a_link_of_the_repository(fresh, tmp_path, name, capsys):
    """
    A link inside of the repository is not written through.
    """
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = fresh.path / name
    if place.is_dir():
        import shutil

        shutil.rmtree(place)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(elsewhere / "file" if name.endswith("json") else elsewhere)
    status = main(["init", str(fresh.path), "--agents", "claude-code", "--yes"])

    out = capsys.readouterr()
    assert list(elsewhere.iterdir()) == []
    assert status == 2 or "not of this repository" in out.out


def test_settings_that_are_not_json(fresh, capsys):
    """
    Settings that can't be merged are left alone, and named.
    """
    text = '{\n  // mine\n  "hooks": {}\n}\n'
    fresh.write(".gemini/settings.json", text)
    fresh.init(agents="gemini-cli")

    assert fresh.read(".gemini/settings.json") == text
    assert ".gemini/settings.json is not plain JSON" in capsys.readouterr().out


def test_check(fresh, capsys):
    """
    `--check` is 1 until all is installed, and says what is missing and what to do.
    """
    check = ["init", str(fresh.path), "--check"]
    assert main(check) == 1
    assert "-> run `aiprov init`" in capsys.readouterr().out

    fresh.init()
    capsys.readouterr()
    main(check)
    out = capsys.readouterr().out
    assert "ok       git hooks" in out
    assert "ok       claude-code" in out

    (fresh.path / ".git/hooks/post-rewrite").unlink()
    fresh.write(".codex/hooks.json", "{}\n")
    assert main(check) == 1
    out = capsys.readouterr().out
    assert "post-rewrite in" in out
    assert "no hook for PreToolUse, PostToolUse, UserPromptSubmit, Stop" in out


def test_a_python_that_is_gone(fresh, capsys):
    """
    Hooks of an installation that was removed fail nothing, and `--check` says that they do nothing.
    """
    fresh.init()
    hook = fresh.path / ".git/hooks/post-commit"
    hook.write_text(hook.read_text().replace(sys.executable, "/gone/bin/python"))
    fresh.agent_writes("a.py", "x = 1\n")
    fresh.commits("Goes on")
    capsys.readouterr()
    assert main(["init", str(fresh.path), "--check"]) == 1
    assert "post-commit in" in capsys.readouterr().out

    fresh.init()
    assert sys.executable in hook.read_text()
    assert "/gone" not in hook.read_text()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"agents": ["clippy"]}', '{"agents": 1, "git_ai": 0, "trailers": null}'],
)
def test_damaged_settings(fresh, text, capsys):
    """
    Where what `init` wrote for the hooks is damaged, `--check` and the doctor say what to do.
    """
    fresh.init()
    fresh.write(".git/aiprov/enabled", text)
    capsys.readouterr()
    assert main(["init", str(fresh.path), "--check"]) == 1

    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith(".git/aiprov/enabled is damaged")
    assert out[1].split() == ["->", "run", "`aiprov", "init`", "again"]
    assert [finding.name for finding in about_capture(fresh.path)] == ["capture"]
    fresh.agent_writes("a.py", "x = 1\n")
    fresh.commits("Goes on")
    fresh.init()
    assert len(list(about_capture(fresh.path))) > 1


def test_the_doctor_shows_it(fresh):
    """
    `aiprov doctor` has the findings of `--check` where something is recorded, else none.
    """
    assert list(about_capture(fresh.path)) == []
    fresh.init()
    assert {"capture", "claude-code", "git hooks", "notes"} <= {
        finding.name for finding in about_capture(fresh.path)
    }


def test_a_clone_without_it(fresh):
    """
    Where `aiprov init` was not run, nothing is recorded, and no commit is different.
    """
    fresh.agent_writes("a.py", "x = 1\n")
    fresh.commits("Change it")

    assert not (fresh.path / ".git/aiprov").exists()
    assert fresh.git("for-each-ref", "refs/notes") == ""


def test_git_ai_records_instead(fresh, tmp_path, monkeypatch):
    """
    Where git-ai is installed, it gets the events by its checkpoint interface, and we record none.
    """
    program = tmp_path / "bin/git-ai"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\ncat >>{tmp_path}/calls\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    fresh.init(agents="claude-code")
    fresh.agent_writes("a.py", "x = 1\n")
    fresh.agent_runs("true")
    fresh.commits("Change it")

    calls = (tmp_path / "calls").read_text()
    assert calls.count("checkpoint agent-v1 --hook-input stdin") == 4
    rows = [
        json.loads(row) for row in calls.replace("}", "}\n").splitlines() if row.startswith("{")
    ]
    assert [row["type"] for row in rows] == [
        "human",
        "ai_agent",
        "pre_shell_command",
        "post_shell_command",
    ]
    assert rows[1]["edited_filepaths"] == [str(fresh.path / "a.py")]
    assert not (fresh.path / ".git/hooks/post-commit").exists()
    assert not (fresh.path / ".git/aiprov/files").exists()
