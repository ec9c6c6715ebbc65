"""Which commits lead to which."""

from __future__ import annotations

from collections.abc import MutableMapping

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.repository import Git


def new_commits(git: Git, base: str, head: str) -> list[tuple[str, ...]] | None:
    """
    The commits that lead from *base* to *head*, each with its parents, children first.

    None where *base* is not in the history of *head*.
    """
    try:
        rows = git.commits(f"^{base}", head)
    except HistoryError:  # this clone no longer has it
        return None
    # Every listed commit leads to head, and so do its parents.
    return rows if base == head or any(base in row[1:] for row in rows) else None


class Ancestry:
    """
    Knows which commits in the history of `HEAD` are ancestors of others.

    What git had to answer is added to *known*, by the two commits: it never changes.
    """

    def __init__(self, git: Git, known: MutableMapping[str, bool]) -> None:
        self._git = git
        self._known = known
        self._age: dict[str, int] | None = None

    def leads(self, older: str, newer: str) -> bool:
        """Whether *older* is an ancestor of *newer*."""
        if self._age is None:
            # Nearly all of both are first parents: for those, one list is the answer.
            names = self._git.run("rev-list", "--first-parent", self._git.head()).decode("ascii")
            self._age = {name: age for age, name in enumerate(names.split())}
        if older in self._age and newer in self._age:
            return self._age[older] >= self._age[newer]
        pair = f"{older} {newer}"
        if pair not in self._known:
            status, _, _ = self._git.try_run("merge-base", "--is-ancestor", older, newer)
            if status not in {0, 1}:  # a partial clone lacks one of them
                return False
            self._known[pair] = status == 0
        return self._known[pair]
