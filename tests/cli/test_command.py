"""Which Python will run a command, as far as its files show it."""

from __future__ import annotations

import shutil
import sys

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
