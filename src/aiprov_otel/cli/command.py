"""The user's command: its program, the Python that runs it, and what would keep us out of it."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiprov_otel.errors import UsageError
from aiprov_otel.lending.bundles import why_bundled

_PYTHON: Final = re.compile(r"python[\d.]*$")
_ENVIRONMENTS: Final = (".venv", "venv", "env")
_HIDING: Final = re.compile(r"-[a-zA-Z]*?([IES])")
_WITH_VALUE: Final = ("-W", "-X", "--check-hash-based-pycs")


@dataclass(frozen=True, slots=True)
class Command:
    """
    A command.

    Attributes:
        words: what to start: the path of the program, and the arguments as typed.
        interpreter: the Python that will run it; None if that shows only when it runs.
    """

    words: tuple[str, ...]
    interpreter: str | None

    @property
    def program(self) -> str:
        """The name of the program, for a message."""
        return Path(self.words[0]).name

    @property
    def own_program(self) -> str | None:
        """The service's program of that name, if *words* name the one in aiprov's environment."""
        if Path(self.words[0]).parent != Path(sys.executable).parent:
            return None
        places = (Path(folder, "bin", self.program) for folder in _ENVIRONMENTS)
        return next((str(place) for place in places if _is_another(place, self.words[0])), None)


def _is_another(place: Path, program: str) -> bool:
    return place.exists() and place.absolute() != Path(program).absolute()


def resolve(words: Sequence[str], verb: str) -> Command:
    """
    Returns the command with the path of its program, and the interpreter that it will use.

    Raises:
        UsageError: the program doesn't exist, or hides itself from every other package; the message
            shows how to write *verb*.
    """
    name, *rest = (words[1:] if words[:1] == ["--"] else words) or [""]
    beside = Path(sys.executable).parent  # for an environment that is not activated
    program = name and (shutil.which(name) or shutil.which(name, path=str(beside)))
    if not program:
        problem = f"command not found: {shlex.quote(name)}" if name else "no command to run"
        if "/" in name:
            msg = f"{name} does not exist or can't be executed; name a program that is here"
            raise UsageError(msg)
        msg = f"{problem}; use `{verb} -- CMD`, as in `{verb} -- python app.py`"
        raise UsageError(msg)
    if Path(program).name == "opentelemetry-instrument":
        msg = f"{verb} instruments CMD itself: leave `opentelemetry-instrument` out"
        raise UsageError(msg)
    interpreter, options = _interpreter(Path(program), rest)
    _check_visible(name, options)
    for path in (program, *_script(Path(program), rest)):
        if why := why_bundled(Path(path)):
            raise UsageError(why)
    if interpreter and interpreter.parent == beside:
        interpreter = Path(sys.executable)
    return Command((program, *rest), str(interpreter) if interpreter else None)


def _interpreter(program: Path, rest: Sequence[str]) -> tuple[Path | None, Sequence[str]]:
    """The Python that *program* is, or that its first line names, else None; and its options."""
    if _PYTHON.fullmatch(program.name):
        return program, _options(rest)
    with program.open("rb") as file:
        first = file.readline(512)
        second = file.readline(512)
    words = first[2:].decode(errors="replace").split() if first.startswith(b"#!") else []
    if words[:1] == ["/bin/sh"] and second.startswith(b"'''exec' "):  # of a long path: see distlib
        words = shlex.split(second.decode(errors="replace"))[1:2]
    if words[:1] == ["/usr/bin/env"]:
        words = [each for each in words[1:] if each != "-S"]
        words[:1] = [shutil.which(words[0]) or ""] if words else []
    if words and _PYTHON.fullmatch(Path(words[0]).name):
        return Path(words[0]), _options(words[1:])
    return None, ()


def _options(words: Sequence[str]) -> list[str]:
    """Python's own options at the start of *words*."""
    found: list[str] = []
    words = iter(words)  # type: ignore[assignment]  # two words may be one option
    for word in words:
        if not word.startswith("-") or word[:2] in {"-c", "-m"} or word in {"-", "--"}:
            break
        found.append(word)
        if word in _WITH_VALUE:
            next(iter(words), None)
    return found


def _script(program: Path, rest: Sequence[str]) -> list[str]:
    """The file that Python is to run."""
    if not _PYTHON.fullmatch(program.name):
        return []
    return [word for word in rest[len(_options(rest)) :][:1] if not word.startswith("-")]


def _check_visible(name: str, options: Sequence[str]) -> None:
    for option in options:
        if option.startswith("--") or option in _WITH_VALUE or option[:2] in {"-W", "-X"}:
            continue
        if match := _HIDING.match(option):
            msg = (
                f"{name} starts Python with -{match[1]}, which hides everything that aiprov adds: "
                f"leave -{match[1]} out, or start its module with `python -m`"
            )
            raise UsageError(msg)
