from __future__ import annotations

import json
from contextlib import ExitStack

import pytest

from aiprov_otel.errors import HistoryError, UsageError
from support.command import invoke

CLAUDE = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"
TRACE = """2026-11-02 ERROR failed
Traceback (most recent call last):
  File "/usr/lib/python3.12/runpy.py", line 3, in run
    exec(code)
  File "/v/lib/python3.12/site-packages/shop/cart.py", line 2, in total
    return sum(order["price"])
               ~~~~~^^^^^^^^^
KeyError: 'price'
"""


@pytest.fixture
def shop(repo, tmp_path):
    """A model's module, and a log in which it fails."""
    repo.commit("src/shop/__init__.py", "")
    source = 'def total(order):\n    return sum(order["price"])\n'
    repo.ai = repo.commit("src/shop/cart.py", source, CLAUDE, when="2026-01-01T00:00:00Z")
    repo.log = tmp_path / "error.log"
    repo.log.write_text(TRACE)
    return repo


@pytest.fixture
def paste(monkeypatch, tmp_path):
    """Makes a file the standard input, as `aiprov traceback < file` does."""
    file = tmp_path / "pasted"

    def paste(text):
        file.write_text(text)
        monkeypatch.setattr("sys.stdin", opened.enter_context(file.open()))

    with ExitStack() as opened:
        yield paste


def test_each_frame_says_who_wrote_it(shop, aiprov, monkeypatch):
    """
    A person reads the text as it was, and behind each frame of ours origin, model, commit and age.
    """
    monkeypatch.chdir(shop.path)

    status, out = aiprov("traceback", shop.log)

    lines = out.splitlines()
    assert status == 0
    assert lines[:4] == TRACE.splitlines()[:4]
    frame, _, told = lines[4].partition("  <- ")
    assert frame == TRACE.splitlines()[4]
    assert told.startswith(f"ai (claude-code, claude-opus-4-6), {shop.ai[:9]}, ")
    assert told.endswith(" old")
    assert lines[5:8] == TRACE.splitlines()[5:]
    assert lines[9].startswith("1 of 2 frames known to git, as of ")
    assert ": 1 ai; the innermost, src/shop/cart.py:2, is ai (claude-code" in lines[9]


def test_the_frames_for_a_program(shop, aiprov, monkeypatch, paste):
    """
    A program reads each frame as `blame` gives a line; its match is `unverified`, as text is.
    """
    monkeypatch.chdir(shop.path)
    paste(json.dumps({"exc_info": TRACE}))

    told = json.loads(aiprov("traceback", "--json")[1])

    foreign, ours = told["frames"]
    assert foreign == {
        "file": "/usr/lib/python3.12/runpy.py",
        "function": "run",
        "line": 3,
        "application": False,
    }
    assert ours["file"] == "/v/lib/python3.12/site-packages/shop/cart.py"
    assert (ours["path"], ours["line"], ours["function"]) == ("src/shop/cart.py", 2, "total")
    assert (ours["origin"], ours["commit"], ours["match"]) == ("ai", shop.ai, "unverified")
    assert ours["application"] is True
    assert ours["age"]


def test_the_manifest_that_was_deployed(shop, aiprov, tmp_path, monkeypatch):
    """
    With the manifest of what ran, no repository is needed; one that lies here is found.
    """
    aiprov("build", shop.path, "--output", tmp_path / "aiprov.manifest")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    named = aiprov("traceback", shop.log, "--manifest", tmp_path / "aiprov.manifest")[1]
    found = aiprov("traceback", shop.log)[1]

    assert "<- ai (claude-code, claude-opus-4-6)" in named
    assert "built from" in named
    assert found == named


def test_a_trace_of_somebody_else_s(shop, aiprov, monkeypatch, paste):
    """
    Where no frame is known, that is the answer.
    """
    monkeypatch.chdir(shop.path)
    paste('  File "/x/y.py", line 1, in f\n')

    assert "1 frame, none in a file known to git" in aiprov("traceback", "-")[1]


def test_a_line_that_is_not_there_any_more(shop, aiprov, monkeypatch, paste):
    """
    A trace of another version may name lines that the file does not have: they are unknown.
    """
    monkeypatch.chdir(shop.path)
    paste('  File "shop/cart.py", line 999, in f\n')

    assert "<- unknown" in aiprov("traceback")[1]


def test_no_stack_trace(shop, aiprov, monkeypatch, paste, tmp_path):
    """
    The message shows what was looked for.
    """
    monkeypatch.chdir(shop.path)
    paste("all is well\n")

    with pytest.raises(UsageError, match='in standard input; a frame looks like File "shop/'):
        aiprov("traceback")
    with pytest.raises(UsageError, match="nowhere can't be read: No such file"):
        aiprov("traceback", "nowhere")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HistoryError, match=r"neither a git repository nor an aiprov\.manifest"):
        aiprov("traceback", shop.log)


def test_what_could_steer_a_terminal_is_not_printed(shop, aiprov, monkeypatch, paste):
    """
    A log is somebody else's text.
    """
    monkeypatch.chdir(shop.path)
    paste(TRACE + "\x1b]0;title\x07\x1b[2J")

    assert "\x1b" not in aiprov("traceback")[1]


def test_a_part_of_a_frame_is_reported(shop, aiprov, monkeypatch, paste):
    """
    A log that was cut off gives the whole frames, and the number of lines that were skipped.
    """
    monkeypatch.chdir(shop.path)
    paste(TRACE + '  File "/app/shop/ca')

    answer = json.loads(aiprov("traceback", "--json")[1])

    assert (len(answer["frames"]), answer["skipped"]) == (2, 1)


def test_the_innermost_frame_of_a_crash_comes_first(shop, aiprov, monkeypatch, paste):
    """
    What faulthandler prints is the other way round.
    """
    monkeypatch.chdir(shop.path)
    paste(
        "Fatal Python error: Aborted\n\nCurrent thread 0x00007f00 (most recent call first):\n"
        '  File "/app/shop/cart.py", line 2 in total\n  File "/app/shop/cart.py", line 1 in main\n'
    )

    assert "the innermost, src/shop/cart.py:2, is ai" in aiprov("traceback")[1]


def test_a_text_without_end_is_one_line(shop):
    """
    No more is read than a limit, however much comes.
    """
    done = invoke("traceback", "/dev/zero", cwd=shop.path)

    assert done.returncode == 2
    assert done.stderr == (
        "aiprov: /dev/zero has more than 67,108,864 bytes; pass the part with the stack trace\n"
    )
