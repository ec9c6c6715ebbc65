"""Looks at files of the work tree: what of them is as it was, and what is new."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiprov_otel.capture import lines, watched
from aiprov_otel.capture.journal import CHAIN, STASHES, Journal, State, shelve
from aiprov_otel.files import read_regular

if TYPE_CHECKING:
    from aiprov_otel.history.git.repository import Git

IGNORED: Final = "ignored"
"""The record of what git ignores."""

LONGEST: Final = 16 * 1024 * 1024  # bytes of a file that is recorded

MANY: Final = 500
"""The most files that are looked at for one command of a shell."""

_AUTOSTASHES: Final = ("rebase-merge/autostash", "rebase-apply/autostash", "MERGE_AUTOSTASH")
_PROBE: Final = 8000  # bytes by which git, too, distinguishes text from the rest


class Observer:
    """
    Looks at the files of one work tree for one event.

    Attributes:
        journal: where it remembers what it saw.
        why_not: why no line that is new now is called a person's; None if one can be.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.declared = watched.is_declared(journal)
        self.why_not = watched.why_not(journal) if self.declared else "not declared"
        self.mark = watched.mark(journal) if self.declared else ""
        self._hasher = lines.Hasher(journal.salt)
        self.blank = self.hash([b""])[0]

    @cached_property
    def git(self) -> Git:
        """Git in the work tree; imported late, because most events do without."""
        from aiprov_otel.history.git.repository import Git

        return Git(self.journal.root)

    @property
    def head(self) -> str:
        """The commit that is checked out; "" without one."""
        status, output, _ = self.git.try_run("rev-parse", "--verify", "--quiet", "HEAD")
        return "" if status else output.decode("ascii").strip()

    def relative(self, name: str, folder: str) -> str | None:
        """The path of the file *name*, as an agent in *folder* calls it; None for one elsewhere."""
        place = Path(os.path.realpath(os.path.join(folder, name)))  # noqa: PTH118
        try:
            path = place.relative_to(self.journal.root)
        except ValueError:
            return None
        inside = path.parts and ".git" not in path.parts and "\n" not in str(path)
        return path.as_posix() if inside and not self._is_ignored(path.as_posix()) else None

    def _is_ignored(self, path: str) -> bool:
        """Whether git ignores the file at *path*; asked once until the next commit."""
        name = self.journal.key(path)
        answers = self.journal.record(IGNORED, "")
        answers = answers if isinstance(answers, dict) else {}
        if name not in answers:
            # This command knows no literal paths; with `./`, a name can't mean more than itself.
            ask = ("--no-literal-pathspecs", "check-ignore", "--quiet", "--", f"./{path}")
            answers[name] = self.git.try_run(*ask)[0] == 0
            self.journal.put(IGNORED, "", answers)
        return bool(answers[name])

    def read(self, path: str) -> list[bytes] | None:
        """The lines of the file at *path*; None for one that is not text, or too large."""
        try:
            content = read_regular(self.journal.root / path, LONGEST, inside=self.journal.root)
        except FileNotFoundError:
            return []
        except OSError:
            return None
        return None if b"\0" in content[:_PROBE] else lines.split(content)

    def hash(self, text: Sequence[bytes]) -> list[bytes]:
        """The hashes of the lines *text*."""
        return self._hasher.hash(text)

    def weigh(
        self, text: Sequence[bytes], hashes: Sequence[bytes], known: State | None
    ) -> list[int]:
        """
        What each line of *text* weighs; see `watched.weigh`.

        Those whose hashes are in a *known* state are not weighed again.
        """
        weights = dict(zip(known.hashes, known.weights, strict=False)) if known else {}
        new = {line: key for key, line in zip(hashes, text, strict=True) if key not in weights}
        weights.update(zip(new.values(), watched.weigh(new, self.journal.salt), strict=True))
        return [weights[key] for key in hashes]

    def look(self, path: str, text: Sequence[bytes], base: str = "HEAD") -> State:
        """
        What is known of the lines *text* that the file at *path* has now.

        It is remembered where there is something to remember. A file of which nothing was
        remembered is taken to have been as it is in the commit *base*.
        """
        hashes = self.hash(text)
        old = self.journal.state(path)
        if old is None and not self.declared:
            return State(path, hashes, [None] * len(hashes))
        if old and old.mark == self.mark and old.hashes == hashes:
            return old
        old = old or self._committed(path, base)
        weights = self.weigh(text, hashes, old) if self.declared else []
        now = State(path, hashes, weights=weights, mark=self.mark, shelves=old.shelves)
        places = lines.align(old.hashes, hashes)
        fresh = lines.added(old.hashes, hashes, places, self.blank)
        labels = lines.carry(old.labels, places, lambda _: None)
        self._unshelve(now, labels, fresh)
        if self.why_not is None:
            for line in watched.typed(old, now, places, fresh, self.blank):
                labels[line] = labels[line] or watched.LABEL
        lost = {p for p, label in enumerate(old.labels) if label}.difference(places)
        shelves = shelve(old) if lost and self._is_stashed(old, lost) else old.shelves
        state = now._replace(labels=labels, shelves=shelves)
        self.journal.save(state)
        return state

    def look_at_all(self, base: str = "HEAD") -> None:
        """Looks at every file that differs from what is committed."""
        paths = {*self.dirty(), *(state.path for state in self.journal.states())}
        for path in sorted(paths):
            if (text := self.read(path)) is not None:
                self.look(path, text, base)

    def dirty(self) -> dict[str, str]:
        """
        The files that differ from the index or are new, each with its blob in `HEAD`.

        Of more than `MANY`, these are only some.
        """
        options = ("--porcelain=v2", "-z", "--untracked-files=all", "--no-renames")
        status, output, _ = self.git.try_run("status", *options)
        found: dict[str, str] = {}
        for row in output.split(b"\0") if not status else ():
            words = row.split(b" ")
            if row.startswith(b"1 ") and len(words) > 8:
                found[os.fsdecode(b" ".join(words[8:]))] = words[6].decode("ascii")
            elif row.startswith(b"u ") and len(words) > 10:
                found[os.fsdecode(b" ".join(words[10:]))] = words[8].decode("ascii")
            elif row.startswith(b"? "):
                found[os.fsdecode(row[2:])] = ""
            if len(found) >= MANY:
                break
        return found

    def committed(self, path: str, base: str = "HEAD") -> list[bytes]:
        """The lines of the file at *path* in the commit *base*; none where it is not there."""
        status, content, _ = self.git.try_run("cat-file", "blob", f"{base}:{path}")
        return [] if status or b"\0" in content[:_PROBE] else lines.split(content)

    def _committed(self, path: str, base: str) -> State:
        text = self.committed(path, base)
        hashes = self.hash(text)
        weights = self.weigh(text, hashes, None)
        mark = self.journal.record(CHAIN, "") or ""
        return State(path, hashes, [None] * len(text), weights, mark)

    @property
    def has_stash(self) -> bool:
        """Whether there are changes that `git stash pop`, or the end of a rebase, brings back."""
        return bool(self._stashes)

    @cached_property
    def _stashes(self) -> list[str]:
        """The commits that git keeps such changes in."""
        stashes = []
        for name in _AUTOSTASHES:
            with suppress(OSError):
                content = read_regular(self.journal.git_folder / name, 4096)
                stashes.append(content.decode("ascii", "replace").strip())
        # The ref may be packed, but its log is always a file.
        if (self.journal.common / "logs/refs/stash").is_file():
            command = ("log", "--walk-reflogs", f"-{STASHES}", "--format=%H", "refs/stash")
            stashes += self.git.try_run(*command)[1].decode("ascii").split()
        return stashes

    def _is_stashed(self, state: State, lost: set[int]) -> bool:
        """Whether a stash has the *lost* lines of *state*."""
        if not self.has_stash:
            return False
        from aiprov_otel.history.git.objects import parse_contents

        # What git did not know is in the third parent of a stash.
        names = (f"{stash}{part}:{state.path}" for stash in self._stashes for part in ("", "^3"))
        for content in parse_contents(self.git.objects(names)):
            if content is not None:
                stashed = lines.align(state.hashes, self.hash(lines.split(content)))
                if lost.issubset(stashed):
                    return True
        return False

    def _unshelve(self, now: State, labels: list[str | None], fresh: set[int]) -> None:
        """Gives *fresh* lines the labels that they had before a stash."""
        for hashes, before in now.shelves:
            places = lines.align(hashes, now.hashes)
            for line in fresh:
                if labels[line] is None and places[line] >= 0:
                    labels[line] = before[places[line]]
