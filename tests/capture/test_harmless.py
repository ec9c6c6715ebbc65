"""A hook of ours never fails, prints or delays what it hangs on, and keeps no text."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys

import pytest

from aiprov_otel.cli.main import main
from support.command import UNMEASURED
from support.desk import SOURCES, Desk

SECRETS = (
    "be6cecdd-a75a-4363-b49d-3f7850807d1d",
    "Rewrite the checkout as if you were me",
    "jane@example.org",
    "hunter2 = 'hunter2'",
    "/home/jane/.claude/projects/shop/transcript-1.jsonl",
)


def call(desk: Desk, *arguments: str, document: object = None, **options):
    """Run `aiprov record` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "aiprov_otel", "record", *arguments],
        cwd=desk.path,
        input=json.dumps(document).encode(),
        env={**os.environ, "PYTHONPATH": SOURCES},
        capture_output=True,
        **options,
    )


def use(desk: Desk, event: str, path: str, text: str, call_id: str = "c") -> dict:
    return {
        "session_id": "s",
        "cwd": str(desk.path),
        "hook_event_name": event,
        "tool_name": "Write",
        "tool_use_id": call_id,
        "tool_input": {"file_path": str(desk.path / path), "content": text},
    }


def silent(done) -> bool:
    return (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_nothing_is_printed(desk, tmp_path):
    """
    `aiprov record` prints nothing and ends with 0: in order, with nonsense, outside of a
    repository, in a bare one, and for an agent that does not exist.
    """
    bare = Desk(tmp_path / "bare.git", enable=False)
    bare.git("config", "core.bare", "true")
    assert silent(call(desk, "claude-code", document=use(desk, "PreToolUse", "a.py", "x")))
    assert silent(call(desk, "claude-code", document=[1, 2]))
    assert silent(call(bare, "claude-code", document=use(bare, "PostToolUse", "a.py", "x")))
    outside = use(desk, "PostToolUse", "/etc/passwd", "x")
    assert silent(call(desk, "claude-code", document=outside))
    assert silent(call(desk, "clippy", document={}))
    assert silent(call(desk, "git", "post-merge", "1"))
    assert "there is no agent 'clippy'" in desk.trouble()
    assert "SQUASH_MSG" in desk.trouble()
    (desk.path / ".git/aiprov/log").unlink()


def test_modules_in_the_repository(desk):
    """
    Hooks run in the repository, and import none of its modules.
    """
    for name in ("json", "typing", "aiprov_otel", "pathlib"):
        desk.write(f"{name}.py", "open('ran', 'w').close()\nraise SystemExit(7)\n")
    desk.agent_writes("a.py", "x = 1\n")
    desk.commits("Odd names")

    assert not (desk.path / "ran").exists()
    assert desk.attested() == {"a.py": ["x = 1"]}


def test_no_room_on_the_disk(desk):
    """
    Where nothing can be written, the edit goes on, and so does the commit.
    """

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    event = use(desk, "PreToolUse", "new.py", "x = 1\n")
    assert call(desk, "claude-code", document=event, preexec_fn=full).returncode == 0
    desk.write(".git/aiprov/files", "no folder")
    desk.agent_writes("new.py", "x = 1\n")
    desk.commits("Goes on")
    assert "Goes on" in desk.git("log", "-1", "--format=%s")
    (desk.path / ".git/aiprov/log").unlink()


def test_a_broken_record_is_moved_aside(desk, capsys):
    """
    A record that can't be read costs its own lines only, and `--check` shows one line about it.
    """
    desk.agent_writes("a.py", "x = 1\n")
    for file in (desk.path / ".git/aiprov/files").iterdir():
        file.write_bytes(b'{"path": "a.py", "lengths"')
    desk.agent_writes("b.py", "y = 2\n")
    desk.commits("Both")

    assert desk.attested() == {"b.py": ["y = 2"]}
    assert main(["init", str(desk.path), "--check"]) == 1
    assert "a record in files was broken" in capsys.readouterr().out
    (desk.path / ".git/aiprov/log").unlink()


def test_two_agents_at_once(desk):
    """
    Hooks that run at the same time wait for each other, and record all.
    """
    names = [f"m{number}.py" for number in range(6)]
    for event in ("PreToolUse", "PostToolUse"):
        running = []
        for name in names:
            text = f"{name[:2]} = 1\n"
            if event == "PostToolUse":
                desk.write(name, text)
            process = subprocess.Popen(
                [sys.executable, "-m", "aiprov_otel", "record", "claude-code"],
                cwd=desk.path,
                env={**os.environ, "PYTHONPATH": SOURCES},
                stdin=subprocess.PIPE,
            )
            process.stdin.write(json.dumps(use(desk, event, name, text, name)).encode())
            process.stdin.close()
            running.append(process)
        assert [process.wait() for process in running] == [0] * len(names)
    desk.commits("All")

    assert desk.attested() == {name: [f"{name[:2]} = 1"] for name in names}


def test_hundreds_of_edits(desk):
    """
    A file that is edited again and again takes no more room, and nothing is left after the commit.
    """
    desk.agent_writes("a.py", "x = 0\n")
    for number in range(100):
        desk.agent_edits("a.py", f"x = {number}\n", f"x = {number + 1}\n")
    assert len(list((desk.path / ".git/aiprov/files").iterdir())) == 1
    assert list((desk.path / ".git/aiprov/tools").iterdir()) == []
    desk.commits("Much")

    assert desk.attested() == {"a.py": ["x = 100"]}
    assert list((desk.path / ".git/aiprov/files").iterdir()) == []


@pytest.mark.parametrize("options", [(), ("--watch", "--trailers")])
def test_many_files_in_a_commit(tmp_path, options):
    """
    For a commit of 100 files, our hooks start git as often as for one, and delete four files.
    """
    desk = Desk(tmp_path / "desk", *options)
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\nexec {shutil.which("git")} "$@"\n'
    )
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    counts = []
    for number in (1, 100):
        for index in range(number):
            desk.agent_writes(f"m{index}.py", f"x = {number}\ny = {index}\n")
        assert len(list((desk.path / ".git/aiprov/files").iterdir())) <= 4
        desk.git("add", "--all")
        desk.git("commit", "-qm", "Change it", PATH=path)
        assert len(desk.attested(who="claude")) == number
        counts.append(len((tmp_path / "calls").read_text().splitlines()))
        (tmp_path / "calls").unlink()
    assert desk.trouble() == ""
    assert counts[0] == counts[1] <= 16


def test_files_of_any_kind(desk):
    """
    A large file is recorded; one that is not text, a folder, a link and an ignored one are not.
    """
    large = "".join(f"value_{number} = {number}\n" for number in range(50_000))
    desk.write("large.py", large)
    desk.commits("Large")
    desk.agent_edits("large.py", "value_77 = 77\n", "value_77 = 78\n")
    desk.agent_writes("image.bin", "\0" * 9)
    desk.write(".gitignore", "*.log\n")
    desk.agent_writes("a.log", "x = 1\n")
    (desk.path / "link.py").symlink_to("/etc/hostname")
    desk.event("claude-code", use(desk, "PreToolUse", "link.py", "x"))
    desk.event("claude-code", use(desk, "PreToolUse", "", "x", "folder"))
    assert len(list((desk.path / ".git/aiprov/files").iterdir())) == 1
    desk.commits("Change it")

    assert desk.attested(who="claude") == {"large.py": ["value_77 = 78"]}


def test_names_of_any_kind(desk):
    """
    A file whose name has blanks, quotes, letters of any alphabet or any bytes has its lines in the
    note.
    """
    names = ["two words.py", "größe.py", 'say "so".py', '"quoted"', "wide\u3000", "日本.py"]
    for name in (*names, os.fsdecode(b"caf\xe9.py")):
        desk.agent_writes(name, "x = 1\n")
    desk.commits("Names")

    assert len(desk.attested()) == 7
    assert set(names) < {*desk.attested()}
    assert desk.blame("two words.py") == ["ai"]
    assert desk.blame("größe.py") == ["ai"]


def test_no_text_reaches_the_disk(desk):
    """
    No prompt, name, address, session or line of code is in the journal or in a note.
    """
    session, prompt, mail, line, transcript = SECRETS
    fields = {
        "session_id": session,
        "transcript_path": transcript,
        "user_email": mail,
        "prompt": prompt,
        "model": "claude-opus-4-6",
        "cwd": str(desk.path),
    }
    for event in ("PreToolUse", "PostToolUse"):
        tool_input = {"file_path": str(desk.path / "a.py"), "content": f"{line}\n"}
        tool = {"tool_name": "Write", "tool_input": tool_input, "tool_use_id": session}
        desk.event("claude-code", {**fields, **tool, "hook_event_name": event})
        desk.write("a.py", f"{line}\n")
    command = {"tool_name": "Bash", "tool_input": {"command": f"echo {prompt}"}}
    desk.event("claude-code", {**fields, **command, "hook_event_name": "PreToolUse"})
    kept = list((desk.path / ".git/aiprov").rglob("*"))
    texts = [file.read_bytes() for file in kept if file.is_file()]
    desk.commits("Secrets")
    texts += [desk.note().encode(), *(str(file).encode() for file in kept)]
    texts.append(desk.git("log", "--format=%an %ae %cn %ce", "refs/notes/ai").encode())

    assert desk.attested() == {"a.py": [line]}
    for text in texts:
        assert not [secret for secret in SECRETS if secret.encode() in text]
        assert not re.search(rb"\bada\b", text.lower())  # hashes may have the letters


@pytest.mark.parametrize("event", ["PreToolUse", "PostToolUse"])
def test_an_edit_loads_little(desk, event):
    """
    The hook of an edit imports neither git's processes nor the command line: Python starts, reads
    one file and ends.
    """
    for name in ("PreToolUse", event):
        document = use(desk, name, "a.py", "x = 1\n")
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "aiprov_otel", "record", "claude-code"],
            cwd=desk.path,
            input=json.dumps(document).encode(),
            env={**os.environ, "PYTHONPATH": SOURCES, **UNMEASURED},
            capture_output=True,
        )
    modules = {row.rpartition("|")[2].strip() for row in done.stderr.decode().splitlines()}

    assert "aiprov_otel.capture.edits" in modules
    assert not modules & {"subprocess", "argparse", "dataclasses", "inspect", "asyncio", "logging"}
    assert not [name for name in modules if name.startswith("aiprov_otel.history")]
    assert not [name for name in modules if name.startswith("opentelemetry")]
