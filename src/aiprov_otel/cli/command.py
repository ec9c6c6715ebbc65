"""The user's command: its program, and the Python that runs it."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aiprov_otel.errors import UsageError

_PYTHON: Final = re.compile(r"python[\d.]*$")


def resolve(words: Sequence[str], verb: str) -> tuple[list[str], str]:
    """
    Returns the command with the path of its program, and the interpreter that it will use.

    Raises:
        UsageError: the program doesn't exist; the message shows how to write *verb*.
    """
    name, *rest = (words[1:] if words[:1] == ["--"] else words) or [""]
    beside = Path(sys.executable).parent  # for an environment that is not activated
    program = name and (shutil.which(name) or shutil.which(name, path=str(beside)))
    if not program:
        problem = f"command not found: {shlex.quote(name)}" if name else "no command to run"
        msg = f"{problem}; use `{verb} -- CMD`, as in `{verb} -- python app.py`"
        raise UsageError(msg)
    interpreter = _interpreter(Path(program))
    if interpreter is None or interpreter.parent == beside:
        return [program, *rest], sys.executable
    return [program, *rest], str(interpreter)


def _interpreter(program: Path) -> Path | None:
    """The Python that *program* is, or that its first line names; else None."""
    if _PYTHON.fullmatch(program.name):
        return program
    with program.open("rb") as file:
        first = file.readline(512)
    words = first[2:].decode(errors="replace").split() if first.startswith(b"#!") else []
    if words[:1] == ["/usr/bin/env"]:
        words = [shutil.which(words[1]) or ""] if len(words) > 1 else []
    return Path(words[0]) if words and _PYTHON.fullmatch(Path(words[0]).name) else None
