"""Git notes: which commits have one, and what it holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git import objects, repository
from aiprov_otel.history.git.repository import Git

# git spreads the names over folders as there are more of them, and not over all in one go.
_ENTRY = re.compile(rb"\d+ blob ([0-9a-f]{40,64})\t([0-9a-f]{2}(?:/?[0-9a-f]{2}){19,31})")


class Notes:
    """
    Notes on commits: in one ref of notes, or elsewhere under the names of the commits.

    Attributes:
        ref: where they are kept.
        missing: how many of them this partial clone lacks.
    """

    def __init__(self, git: Git, ref: str, blobs: Mapping[str, str], missing: int = 0) -> None:
        self._git = git
        self._blobs = blobs
        self.ref = ref
        self.missing = missing

    @property
    def commits(self) -> Collection[str]:
        """The commits that have a note."""
        return self._blobs.keys()

    def blob(self, commit: str) -> str:
        """The name of the note on *commit*, which has one."""
        return self._blobs[commit]

    def read(self, commits: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The note on each of *commits*, which all have one."""
        names = list(commits)
        contents = read_objects(self._git, (self._blobs[name] for name in names))
        for name, note in zip(names, contents, strict=True):
            if note is not None:
                yield name, note


def list_notes(git: Git, ref: str) -> Notes:
    """The notes of *ref*."""
    blobs = _list_blobs(git, ref)
    missing = _missing_objects(git, ref) if repository.is_partial(git) else frozenset()
    present = {name: blob for name, blob in blobs.items() if blob not in missing}
    return Notes(git, ref, present, len(blobs) - len(present))


def read_objects(git: Git, names: Iterable[str]) -> Iterator[bytes | None]:
    """The content of each of the objects *names*; None for a missing one."""
    return objects.parse_contents(git.objects(names))


def _list_blobs(git: Git, ref: str) -> dict[str, str]:
    """The blob of each commit that *ref* has a note on."""
    try:
        entries = git.tree(git.refs[ref]).split(b"\0")
    except HistoryError:  # the ref does not lead to a tree of notes, or a folder of it is missing
        return {}
    matches = (_ENTRY.fullmatch(entry) for entry in entries)
    return {_text(match[2]).replace("/", ""): _text(match[1]) for match in matches if match}


def _missing_objects(git: Git, ref: str) -> frozenset[str]:
    """The objects below *ref* that a partial clone lacks; reading one of them would fetch it."""
    listed = git.run("rev-list", "--objects", "--missing=print", f"{git.refs[ref]}^{{tree}}")
    return frozenset(_text(line[1:]) for line in listed.splitlines() if line.startswith(b"?"))


def _text(name: bytes) -> str:
    return name.decode("ascii")
