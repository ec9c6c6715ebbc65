"""Whether a line that nobody recorded can be called a person's, and why not."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from aiprov_otel.capture.journal import Journal, State
from aiprov_otel.files import read_regular

LABEL: Final = "watched"
"""The label of such a line."""

TYPED: Final = 1
"""The most new lines of a file between two looks at it, but for blank ones: more may be pasted."""

TOUCHED: Final = "touched"
"""The file that grows by a byte whenever git writes into the work tree."""

_BUSY: Final = (
    "MERGE_MSG",  # there are no files of the refs below where git keeps refs in tables
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "rebase-merge",
    "rebase-apply",
    "BISECT_START",
)


def is_declared(journal: Journal) -> bool:
    """Whether the user of this clone declared who writes here."""
    return bool(journal.settings.get("watched"))


def why_not(journal: Journal) -> str | None:
    """Why no line that comes now is called a person's; None if one can be."""
    from aiprov_otel.settings import agent_variable

    declared = journal.settings.get("watched")
    if not declared:
        return "nobody declared the writers of this clone"
    for agent in declared:
        if agent != "none" and journal.record("seen", agent) is None:
            return f"no hook of {agent} has run yet"
    if journal.records("turns") or journal.records("tools"):
        return "an agent is at work, or ended without notice"
    if variable := agent_variable():
        return f"{variable} is set: an agent runs this"
    if name := in_progress(journal):
        return f"git is in the middle of something ({name})"
    return None


def in_progress(journal: Journal) -> str | None:
    """What shows that a merge, a rebase or the like has not ended; None where none is going on."""
    return next((name for name in _BUSY if os.path.lexists(journal.git_folder / name)), None)


def mark(journal: Journal) -> str:
    """What git has done so far: the commit that is checked out, and its writes; "" if unclear."""
    head = _head(journal)
    touched = journal.folder / TOUCHED
    return f"{head} {touched.stat().st_size if touched.is_file() else 0}" if head else ""


def _head(journal: Journal) -> str:
    """
    The commit that is checked out, without starting git; "" where that is unclear.

    Where git keeps refs in tables, the names of the tables: they are others after each change.
    """
    tables = [
        folder / "reftable" / "tables.list" for folder in {journal.git_folder, journal.common}
    ]
    with suppress(OSError):
        return " ".join(sorted(read_regular(path).decode("latin-1") for path in tables))
    with suppress(OSError, UnicodeError):
        head = read_regular(journal.git_folder / "HEAD", 4096).decode("utf-8").strip()
        if not head.startswith("ref: "):
            return head
        ref = head.removeprefix("ref: ")
        with suppress(FileNotFoundError):
            return read_regular(journal.common / ref, 4096).decode("ascii").strip()
        for line in read_regular(journal.common / "packed-refs").decode("utf-8").splitlines():
            if line.endswith(f" {ref}"):
                return line.partition(" ")[0]
    return ""


def weigh(lines: Iterable[bytes], salt: bytes) -> list[int]:
    """
    A number for each line: the sum of what its letters and digits weigh.

    However a formatter breaks, joins and indents lines, their sum stays the same.
    """
    drawn = random.Random(salt)  # noqa: S311 (the salt is the secret)
    table = [drawn.getrandbits(40) if chr(i).isalnum() or i > 127 else 0 for i in range(256)]
    return [sum(map(table.__getitem__, line)) for line in lines]


def typed(old: State, now: State, places: Sequence[int], fresh: set[int], blank: bytes) -> set[int]:
    """Those of the *fresh* lines that a person typed, if nothing else wrote in between."""
    if not old.mark or old.mark != now.mark:
        return set()
    before = set(old.hashes)
    new = [line for line, place in enumerate(places) if place < 0]
    full = [line for line in new if now.hashes[line] != blank]
    if len(full) > TYPED or len(new) > TYPED + 1:
        return set()
    gone = sorted(set(range(len(old.hashes))).difference(places))
    weight = sum(now.weights[line] for line in new)
    if _is_reformatted(weight, [(place, old.weights[place]) for place in gone]):
        return set()
    return {line for line in fresh if now.hashes[line] == blank or now.hashes[line] not in before}


def _is_reformatted(weight: int, gone: Sequence[tuple[int, int]]) -> bool:
    """Whether lines of this *weight* are some that are *gone*, of which each has its place."""
    for start in range(len(gone)):
        total = 0
        for distance, (place, part) in enumerate(gone[start:]):
            if place != gone[start][0] + distance:
                break
            total += part
            if total == weight:
                return True
    return False
