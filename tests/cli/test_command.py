"""Which Python will run a command, as far as its files show it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from aiprov_otel.cli.command import resolve
from aiprov_otel.errors import UsageError

PYTHON = "/srv/app/.venv/bin/python3.12"


@pytest.fixture
def script(tmp_path):
    """Writes an executable file."""

    def write(text: str) -> str:
        path = tmp_path / "serve"
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    return write


@pytest.mark.parametrize(
    ("first", "interpreter"),
    [
        (f"#!{PYTHON}\n", PYTHON),
        (f"#! {PYTHON} -sP\n", PYTHON),
        (f"#!/bin/sh\n'''exec' \"{PYTHON}\" \"$0\" \"$@\"\n' '''\n", PYTHON),
        (f"#!/bin/sh\n'''exec' {PYTHON} \"$0\" \"$@\"\n' '''\n", PYTHON),
        ("#!/usr/bin/env python3\n", shutil.which("python3")),
        ("#!/usr/bin/env -S python3 -u\n", shutil.which("python3")),
        ("#!/bin/sh\nexec python3 app.py\n", None),
        ("\x7fELF\n", None),
    ],
)
def test_the_first_line_names_the_interpreter(script, first, interpreter):
    """
    Of a console script, also of one whose path is too long for a first line; of others, nothing.
    """
    command = resolve(["--", script(first), "-x", "--", "y"], "aiprov run")

    assert command.interpreter == interpreter
    assert command.words[1:] == ("-x", "--", "y")
    assert command.program == "serve"


def test_our_own_environment_is_named_by_its_python():
    """
    Whatever of its names was typed.
    """
    assert resolve([sys.executable, "app.py"], "aiprov run").interpreter == sys.executable


@pytest.mark.parametrize(
    "words",
    [
        (sys.executable, "-W", "error", "-X", "dev", "-B", "-m", "app", "-I"),
        (sys.executable, "app.py", "-E"),
        (sys.executable, "-c", "-S"),
        (sys.executable, "-Werror::UserWarning", "app.py"),
    ],
)
def test_options_of_the_program_are_its_own(words):
    """
    Only what Python itself is given can hide what is lent.
    """
    assert resolve(words, "aiprov run").words == words


@pytest.mark.parametrize("first", [f"#!{PYTHON} -E\n", f"#!{PYTHON} -Es\n", f"#!{PYTHON} -sI\n"])
def test_a_first_line_may_hide_it_too(script, first):
    """
    As those of system tools do.
    """
    with pytest.raises(UsageError, match="which hides everything that aiprov adds"):
        resolve([script(first)], "aiprov run")


def test_the_program_of_the_service_is_named(tmp_path, monkeypatch):
    """
    Where a program stands beside aiprov too, and the service has its own.
    """
    monkeypatch.chdir(tmp_path)
    program = Path(".venv/bin/python")
    assert resolve([sys.executable], "aiprov run").own_program is None
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    beside = Path(sys.executable).with_name("python")

    assert resolve([str(beside)], "aiprov run").own_program == str(program)
    assert resolve([str(program)], "aiprov run").own_program is None


def test_a_path_that_is_not_there_is_named():
    """
    The message names the path, and not how the verb is written.
    """
    with pytest.raises(UsageError, match=r"^\.venv/bin/nothing does not exist"):
        resolve([".venv/bin/nothing"], "aiprov run")
