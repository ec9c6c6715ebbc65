"""Runs the hooks of a repository in this process: a Python for each of them takes most of a day."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiprov_otel.capture import record
from aiprov_otel.capture.git_hooks import HOOKS

SCRIPT = """#!/bin/sh
{{ printf '%s\\n' "$PWD" "$#" {hook} "$@"; cat; }} >"{folder}/asked"
cat "{folder}/done"
"""


@contextmanager
def hooks_in_this_process(repository: Path) -> Iterator[None]:
    """While it lasts, git's hooks in *repository* are answered by a thread."""
    folder = repository / ".git/hook-thread"
    folder.mkdir()
    for name in ("asked", "done"):
        os.mkfifo(folder / name)
    for hook in HOOKS:
        place = repository / ".git/hooks" / hook
        place.write_text(SCRIPT.format(hook=hook, folder=folder))
        place.chmod(0o755)
    thread = threading.Thread(target=_serve, args=(folder,))
    thread.start()
    try:
        yield
    finally:
        (folder / "asked").write_text("")
        thread.join()


def _serve(folder: Path) -> None:
    while text := (folder / "asked").read_text():
        where, count, *rows = text.split("\n")
        arguments, rest = rows[: int(count) + 1], rows[int(count) + 1 :]
        stdin, here = sys.stdin, os.path.realpath(os.curdir)
        sys.stdin = io.StringIO("\n".join(rest))
        os.chdir(where)
        try:
            record.main(["git", *arguments])
        finally:
            sys.stdin = stdin
            os.chdir(here)
            (folder / "done").write_text("")
