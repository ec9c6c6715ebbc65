"""The user's own command: its program, and the Python that will run it."""

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


def resolved(words: Sequence[str], verb: str) -> tuple[list[str], str]:
    """
    The command with the path of its program, and the interpreter whose packages it will use.

    Raises:
        UsageError: there is no such program; the message has the form of *verb*.
    """
    name, *rest = (words[1:] if words[:1] == ["--"] else words) or [""]
    beside = Path(sys.executable).parent  # `aiprov` may be called by its path, without activation
    program = name and (shutil.which(name) or shutil.which(name, path=str(beside)))
    if not program:
        said = f"there is no command {shlex.quote(name)}" if name else "say what to run"
        msg = f"{said}; the form is `{verb} -- CMD`, as in `{verb} -- python app.py`"
        raise UsageError(msg)
    interpreter = _interpreter(Path(program))
    if interpreter is None or interpreter.parent == beside:
        return [program, *rest], sys.executable
    return [program, *rest], str(interpreter)


def _interpreter(program: Path) -> Path | None:
    """The Python that *program* is, or that its first line names; None where it is neither."""
    if _PYTHON.fullmatch(program.name):
        return program
    with program.open("rb") as file:
        first = file.readline(512)
    words = first[2:].decode(errors="replace").split() if first.startswith(b"#!") else []
    if words[:1] == ["/usr/bin/env"]:
        words = [shutil.which(words[1]) or ""] if len(words) > 1 else []
    return Path(words[0]) if words and _PYTHON.fullmatch(Path(words[0]).name) else None
