"""The commits that blame looks through: reformattings, as a file in the repository lists them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aiprov_otel.errors import PolicyError
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy

FILE_NAME: Final = ".git-blame-ignore-revs"
"""What forges and editors read too, where it stands in the root."""

_CONFIG: Final = "blame.ignoreRevsFile"
_HASH: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)


def files(git: Git, policy: Policy) -> dict[str, str]:
    """
    The files that are in force, each with who names it.

    That is the one of *policy* or, without one, those of git's configuration and the one in the
    root.
    """
    if policy.ignore_revs_file:
        return {str(git.root / policy.ignore_revs_file): "[tool.aiprov] ignore_revs_file"}
    found: dict[str, str] = {}
    for name in _configured(git):
        # An empty value forgets what a configuration further out has named.
        found = {**found, str(git.root / name): f"git config {_CONFIG}"} if name else {}
    default = git.root / FILE_NAME
    return {**found, str(default): FILE_NAME} if default.is_file() else found


def _configured(git: Git) -> list[str]:
    """The paths that git's configuration names, `~` replaced."""
    output = git.ask("config", "-z", "--type=path", "--get-all", _CONFIG)[1]
    return [os.fsdecode(value) for value in output.split(b"\0")[:-1]]


def commits(git: Git, policy: Policy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    The files that are in force, and the commits that they name, sorted.

    Raises:
        PolicyError: one of them can't be read, or has a line that is no full hash.
    """
    named = files(git, policy)
    found = {name for file, by in named.items() for name in _read(Path(file), by, git.root)}
    return tuple(named), tuple(sorted(found))


def _read(file: Path, named_by: str, root: Path) -> Iterator[str]:
    shown = os.path.relpath(file, root)
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is not UTF-8"
        msg = f"{named_by} names {shown}, which can't be read: {reason}; mend or remove the setting"
        raise PolicyError(msg) from error
    for number, text in enumerate(lines, start=1):
        line = text.partition("#")[0].strip()
        if line and not _HASH.fullmatch(line):
            # The line is not repeated: whoever names a wrong file should not have it printed.
            msg = f"{shown}:{number} is not the full hash of a commit, which git needs"
            raise PolicyError(f"{msg}; write what `git rev-parse` prints for it")
        if line:
            yield line.lower()
