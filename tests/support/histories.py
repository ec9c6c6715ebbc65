"""Histories that nobody thought up: random edits, renames, reverts, branches and merges."""

from __future__ import annotations

import random
from collections.abc import Iterator

from support.repo import Repo

_CLAUDE = "Co-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>"


class History:
    """Grows *repo* step by step; *seed* decides what each step does."""

    def __init__(self, repo: Repo, seed: int) -> None:
        self.repo = repo
        self._chance = random.Random(seed)
        self._number = 0
        for name in ("a.py", "b.py", "shop/c.py"):
            repo.write(name, "".join(self._lines(12)))
        self._commit()

    def grow(self, steps: int) -> None:
        """So many steps, each at least one commit."""
        steps_there_are = (
            [self._edit] * 6
            + [self._rename, self._add, self._remove, self._undo]
            + [self._merge] * 2
        )
        for _ in range(steps):
            self._chance.choice(steps_there_are)()

    def scribble(self) -> None:
        """Changes in the work tree that are not committed, some of them staged."""
        for name in self._files():
            if self._chance.random() < 0.4:
                self._change(name)
                if self._chance.random() < 0.5:
                    self.repo.git("add", name)
        if self._chance.random() < 0.4:
            name = self._chance.choice(self._files())
            self.repo.git("mv", "-f", name, f"moved{self._number}.py")

    def tidy(self) -> None:
        """The work tree as it was committed."""
        self.repo.git("reset", "--quiet", "--hard")

    def _edit(self) -> None:
        for name in self._chance.sample(self._files(), k=min(2, len(self._files()))):
            self._change(name)
        self._commit()

    def _rename(self) -> None:
        old = self._chance.choice(self._files())
        new = self._chance.choice([f"r{self._number}.py", f"shop/r{self._number}.py", "again.py"])
        if new != old:
            self.repo.write(new, (self.repo.path / old).read_bytes())
            self.repo.git("rm", "--quiet", "--force", old)
        if self._chance.random() < 0.5:
            self._change(new)
        self._commit()

    def _add(self) -> None:
        source = self._chance.choice(self._files())
        self.repo.write(f"n{self._number}.py", (self.repo.path / source).read_bytes())
        self._commit()

    def _remove(self) -> None:
        if len(self._files()) > 2:
            self.repo.git("rm", "--quiet", "--force", self._chance.choice(self._files()))
        self._commit()

    def _undo(self) -> None:
        """The content of an earlier commit again: the same blobs, other owners."""
        commits = self.repo.git("rev-list", "--max-count=12", "HEAD").split()
        self.repo.git("read-tree", "-u", "--reset", self._chance.choice(commits))
        self._commit()

    def _merge(self) -> None:
        """A branch that left some commits ago, merged into this one or this one into it."""
        commits = self.repo.git("rev-list", "--max-count=6", "HEAD").split()
        self.repo.git("checkout", "--quiet", "-B", "side", self._chance.choice(commits))
        for _ in range(self._chance.randint(1, 3)):
            self._chance.choice([self._edit, self._edit, self._rename, self._undo])()
        ours, theirs = self._chance.sample(["main", "side"], k=2)
        self.repo.git("checkout", "--quiet", ours)
        strategy = self._chance.choice(["ours", "theirs"])
        how = ("--quiet", "--no-ff", "--no-edit", "-X", strategy)
        try:
            self.repo.git("merge", *how, theirs, stdin=b"", **_people(self._tick()))
        except AssertionError:  # a file that one side removed and the other changed
            self.repo.git("add", "--all")
            self._commit()
        self.repo.git("checkout", "--quiet", "-B", "main")

    def _change(self, name: str) -> None:
        lines = (self.repo.path / name).read_text().splitlines(keepends=True)
        for _ in range(self._chance.randint(1, 3)):
            where = self._chance.randint(0, len(lines))
            gone = self._chance.choice([0, 0, 1, 2])
            lines[where : where + gone] = self._lines(self._chance.randint(0, 3))
        self.repo.write(name, "".join(lines))

    def _lines(self, number: int) -> Iterator[str]:
        # Few different lines, so that a diff may match them in more than one way.
        return (f"x = {self._chance.randint(0, 30)}\n" for _ in range(number))

    def _files(self) -> list[str]:
        return [name for name in self.repo.git("ls-files").splitlines() if name.endswith(".py")]

    def _commit(self) -> None:
        marks = self._chance.choice(["", "", _CLAUDE])
        self.repo.git("add", "--all", "--", ".")
        self.repo.record(f"Step {self._number}\n\n{marks}\n", when=self._tick())

    def _tick(self) -> str:
        self._number += 1
        minutes, seconds = divmod(self._number, 60)
        return f"2026-05-04T10:{minutes:02}:{seconds:02}Z"


def _people(when: str) -> dict[str, str]:
    names = ("AUTHOR", "COMMITTER")
    return {
        key: value
        for name in names
        for key, value in (
            (f"GIT_{name}_NAME", "Ada"),
            (f"GIT_{name}_EMAIL", "ada@example.org"),
            (f"GIT_{name}_DATE", when),
        )
    }
