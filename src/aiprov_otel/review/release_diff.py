"""The lines whose origin differs between two releases."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.attribute import attribute_files
from aiprov_otel.history.effective_policy import apply_policy
from aiprov_otel.history.git.checkout import resolve_commit, temporary_checkout
from aiprov_otel.history.git.patch import Hunk
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.source_files import list_source_files
from aiprov_otel.manifest import Manifest, SourceFile
from aiprov_otel.review.change import read_diff
from aiprov_otel.review.places import Place, places
from aiprov_otel.values import Provenance


class Kind(StrEnum):
    """How a line differs: its text is new, or only the evidence about it."""

    ADDED = "added"
    REPLACED = "replaced"
    REMOVED = "removed"
    SAME_TEXT = "same-text"


@dataclass(frozen=True)
class Release:
    """The commit *revision*, and its files by path."""

    revision: str
    files: Mapping[str, SourceFile]


def read_release(git: Git, name: str) -> Release:
    """
    The release *name*: a manifest, or a commit of *git*.

    Raises:
        HistoryError: it is neither.
        ManifestError: the manifest can't be read.
    """
    if Path(name).is_file():
        manifest = Manifest.load(name)
        if manifest.revision is None:
            msg = f"{name} is of no commit, so its lines can't be compared; build it from one"
            raise HistoryError(msg)
        revision = resolve_commit(git, manifest.revision)
        return Release(revision, {source.path: source for source in manifest.sources()})
    revision = resolve_commit(git, name)
    with temporary_checkout(git, revision) as tree:
        policy = apply_policy(tree)
        attributed = attribute_files(tree, policy, list_source_files(tree, policy).files)
        if attributed.unreadable:
            raise attributed.error(tree.root)
        return Release(revision, {source.path: source for source in attributed.sources()})


@dataclass(frozen=True, slots=True)
class OriginChange:
    """
    Lines whose origin, agent or model differs.

    Attributes:
        kind: how they differ.
        old: origin, agent and model before; empty for added lines.
        new: the same afterwards; empty for removed lines.
        places: in the new release; of removed lines, in the old one.
    """

    kind: Kind
    old: str
    new: str
    places: tuple[Place, ...]

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return sum(place.lines for place in self.places)

    def to_json(self) -> dict[str, Any]:
        """The change as JSON values."""
        return {
            "kind": self.kind.value,
            "old": self.old or None,
            "new": self.new or None,
            "lines": self.lines,
            "places": [place.to_json() for place in self.places],
        }


def compare_releases(git: Git, old: Release, new: Release) -> list[OriginChange]:
    """The lines whose origin differs between *old* and *new*, most lines first of each kind."""
    patches = read_diff(git, old.revision, new.revision)
    hunks = {file.new: (file.old, file.hunks) for file in patches if file.new in new.files}
    lines: dict[tuple[Kind, str, str], list[Place]] = defaultdict(list)
    renamed = {before for before, _ in hunks.values() if before}
    for path, source in new.files.items():
        before, found = hunks.get(path, (path, ()))
        earlier = old.files.get(before) if before else None
        by_kind: dict[tuple[Kind, str, str], set[int]] = defaultdict(set)
        for key, number in _compare(source, earlier, found):
            by_kind[key].add(number)
        for key, numbers in by_kind.items():
            lines[key].extend(places(path, numbers))
        for hunk in found:
            if earlier and not hunk.added:
                _add_removed(lines, earlier, hunk)
    for path, source in old.files.items():
        if path not in new.files and path not in renamed:
            _add_removed(lines, source, Hunk(range(1, source.lines + 1), range(0)))
    order = list(Kind)
    changes = (OriginChange(*key, tuple(where)) for key, where in lines.items())
    return sorted(changes, key=lambda c: (order.index(c.kind), -c.lines, c.old, c.new))


def _compare(
    source: SourceFile, earlier: SourceFile | None, hunks: tuple[Hunk, ...]
) -> Iterator[tuple[tuple[Kind, str, str], int]]:
    """Each line of *source* whose origin differs, and how."""
    if earlier is None:
        hunks = (Hunk(range(0), range(1, source.lines + 1)),)
    pending, shift = deque(hunks), 0
    for line in range(1, source.lines + 1):
        while pending and max(pending[0].added.start, pending[0].added.stop - 1) < line:
            passed = pending.popleft()
            shift += len(passed.removed) - len(passed.added)
        now = _named(source.line(line))
        if pending and line in pending[0].added:
            was = _all_named(earlier, pending[0].removed)
            kind = Kind.REPLACED if was else Kind.ADDED
        else:
            was = _named(earlier.line(line + shift)) if earlier else ""
            kind = Kind.SAME_TEXT
        if was != now:
            yield (kind, was, now), line


def _add_removed(
    lines: dict[tuple[Kind, str, str], list[Place]], source: SourceFile, hunk: Hunk
) -> None:
    by_origin: dict[str, set[int]] = defaultdict(set)
    for line in hunk.removed:
        by_origin[_named(source.line(line))].add(line)
    for was, numbers in by_origin.items():
        lines[Kind.REMOVED, was, ""].extend(places(source.path, numbers))


def _all_named(source: SourceFile | None, numbers: range) -> str:
    """The origins of these lines of *source*, each once."""
    return " + ".join(sorted({_named(source.line(n)) for n in numbers})) if source else ""


def _named(line: Provenance) -> str:
    return " ".join(filter(None, (line.origin.value, line.agent, line.model)))
