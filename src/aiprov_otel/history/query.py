"""Who wrote these lines? Answered by a manifest that is named or up to date, else by git."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiprov_otel.errors import HistoryError, ManifestError, UsageError
from aiprov_otel.format import short_hash
from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.blame import hunks, incremental
from aiprov_otel.history.blame.files import BlamedFile, Progress
from aiprov_otel.history.check import compare
from aiprov_otel.history.effective_policy import (
    as_built,
    changed_keys,
    effective_policy,
    folder_of,
    paths_within,
)
from aiprov_otel.history.evidence import sources
from aiprov_otel.history.git import objects, remote
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.policy_schema import Moves
from aiprov_otel.history.source_files import TrackedFile
from aiprov_otel.manifest import FILE_NAME, Manifest, SourceFile, content_hash, tails
from aiprov_otel.manifest.locate import manifest_above
from aiprov_otel.stacktrace.frames import Known

GIT: Final = "git"
"""Who says so, where no manifest does."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stood when it was written: in *commit*, as *line* (1-based) of *path*."""

    commit: str
    path: str
    line: int


@dataclass(frozen=True)
class FileAnswer:
    """
    Who wrote the lines of one file.

    Attributes:
        file: the lines.
        content: what is in the file.
        said_by: `git`, or the path of the manifest.
        decisions: one a line, where git was asked; empty for a manifest.
        places: where each line comes from, likewise.
        problem: why git could not say whose the lines are.
        policy: by which it was decided.
        git: that was asked; None for a manifest.
    """

    file: SourceFile
    content: bytes
    said_by: str
    decisions: tuple[Decision, ...] = ()
    places: tuple[Place, ...] = ()
    problem: str | None = None
    policy: Policy = field(default_factory=Policy)
    git: Git | None = None

    def commit(self, name: str) -> Commit | None:
        """The commit *name*, if git was asked and has it."""
        return objects.parse_batch(self.git.objects([name])).get(name) if self.git else None


@dataclass(frozen=True)
class TreeAnswer:
    """
    Who wrote the lines of many files.

    Attributes:
        sources: the files, sorted by path.
        said_by: `git`, or the path of the manifest.
        revision: full hash of the commit that it is about.
        repository_url: of the forge, without credentials; None where there is no remote.
        policy: by which it was decided.
    """

    sources: Sequence[SourceFile]
    said_by: str
    revision: str | None
    repository_url: str | None
    policy: dict[str, Any]


def of_file(
    path: Path, manifest: Path | None, *, history: bool = False, moves: Moves | None = None
) -> FileAnswer:
    """
    The lines of the file at *path*: by *manifest*, or by one that is up to date, or by git.

    With *history*, git is preferred to a manifest that was only found.

    Raises:
        HistoryError: git does not know the file.
        ManifestError: *manifest* does not hold the file as it is.
        UsageError: it is a folder.
    """
    if manifest:
        return _file_by_manifest(Manifest.load(manifest), path)
    if not path.parent.is_dir() or not path.exists():
        msg = f"there is no file {path}"
        raise HistoryError(msg)
    if path.is_dir():
        msg = (
            f"{path} is a folder; name a file in it, or count all of it with `aiprov stats {path}`"
        )
        raise UsageError(msg)
    git = Git.open(path.parent)
    policy = effective_policy(git, moves=moves)
    found = None if history else _current(git, policy)
    if found and (answer := _held(found, path, git)):
        return answer
    return _file_by_git(git, policy, path)


def of_tree(
    paths: Sequence[Path], manifest: Path | None, progress: Progress | None = None
) -> TreeAnswer:
    """Every file below *paths*, by default all, and who says so: as `of_file` decides it."""
    if manifest:
        return _part_by_manifest(Manifest.load(manifest), paths)
    git = Git.open(folder_of(paths))
    policy = effective_policy(git, paths=paths_within(git, paths))
    found = _current(git, policy)
    if found and compare(git, policy, found).matches:
        return _tree_by_manifest(found, policy)
    return _tree_by_git(git, policy, progress)


def of_names(start: Path, manifest: Path | None) -> tuple[Known[Any], str]:
    """What knows files by the names that they were deployed under, and who that is."""
    if manifest:
        loaded = Manifest.load(manifest)
        return loaded, f"{manifest}, built from {short_hash(loaded.revision or 'no commit')}"
    try:
        git = Git.open(start)
    except HistoryError as error:
        if path := manifest_above(start):
            return of_names(start, path)
        msg = (
            f"there is neither a git repository nor an {FILE_NAME} in {start.absolute()}; give the "
            "manifest that was deployed with --manifest"
        )
        raise HistoryError(msg) from error
    policy = effective_policy(git)
    return Asked(git, policy), f"git, as of {short_hash(git.head())}"


def _tree_by_git(git: Git, policy: Policy, progress: Progress | None = None) -> TreeAnswer:
    """
    Every file that counts under *policy*.

    Raises:
        HistoryError: one of them can't be read.
    """
    read = incremental.read(git, policy, source_files.read(git, policy).files, progress)
    if read.left_out:
        raise read.unreadable(git.root)
    sources = tuple(source_files.flag_generated(git, read.sources()))
    return TreeAnswer(sources, GIT, git.head(), remote.https(remote.url(git)), policy.to_json())


def _file_by_git(git: Git, policy: Policy, path: Path) -> FileAnswer:
    """
    The file at *path*, with the decision about each line and the place where it comes from.

    Raises:
        HistoryError: git does not track it, or it can't be read.
    """
    read = attribute.read(git, policy, [source_files.locate(git, path)])
    if not read.blamed:
        raise read.unreadable(git.root)
    [blamed] = read.blamed
    [source] = source_files.flag_generated(git, read.sources())
    return FileAnswer(
        source,
        (git.root / blamed.file.source).read_bytes(),
        GIT,
        tuple(read.lines(blamed)),
        tuple(_places(blamed)),
        blamed.problem,
        policy,
        git,
    )


def _places(one: BlamedFile) -> Iterator[Place]:
    by_git = (
        Place(hunk.commit, hunk.path, hunk.original + place)
        for hunk in one.hunks
        for place in range(hunk.count)
    )
    return hunks.widened(by_git, one.widths)


def _current(git: Git, policy: Policy) -> Manifest | None:
    """The manifest in the root, if this commit, this policy and these records made it."""
    try:
        manifest = Manifest.load(git.root / FILE_NAME)
    except ManifestError:
        return None
    built = dict(manifest.policy)
    wide_enough = not built.get("paths") or as_built(policy, built).paths == policy.paths
    others = changed_keys(policy, built) or sources.records_changed(
        sources.records_state(git), manifest.records
    )
    same = manifest.revision == git.head() and not others
    return manifest if same and wide_enough else None


def _tree_by_manifest(manifest: Manifest, policy: Policy) -> TreeAnswer:
    """Every file of *manifest* that *policy* covers."""
    sources = tuple(source for source in manifest.sources() if policy.covers(source.path))
    said = {**manifest.policy, "paths": list(policy.paths or manifest.policy.get("paths", ()))}
    return TreeAnswer(sources, str(manifest.path), manifest.revision, manifest.repository_url, said)


def _part_by_manifest(manifest: Manifest, paths: Sequence[Path]) -> TreeAnswer:
    """
    Every file of *manifest* that is below one of *paths*, by default all.

    Raises:
        UsageError: there is none below one of them.
    """
    names = {os.path.normpath(path).replace(os.sep, "/") for path in paths} - {"."}
    for name in names:
        if not any(Policy(paths=(name,)).covers(entry.path) for entry in manifest.entries):
            msg = f"{manifest.path} holds nothing at {name}; name it as seen from the root"
            raise UsageError(msg)
    return _tree_by_manifest(manifest, Policy(paths=tuple(sorted(names))))


def _held(manifest: Manifest, path: Path, git: Git) -> FileAnswer | None:
    """The file at *path*, which *git* tracks, if *manifest* holds it as it is."""
    located = source_files.locate(git, path).path
    content = path.read_bytes()
    same = [e for e in manifest.with_hash(content_hash(content)) if e.path == located]
    return FileAnswer(manifest.source(same[0]), content, str(manifest.path)) if same else None


def _file_by_manifest(manifest: Manifest, path: Path) -> FileAnswer:
    """
    The file at *path*.

    Raises:
        HistoryError: it can't be read.
        ManifestError: *manifest* does not hold it as it is.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror or error}"
        raise HistoryError(msg) from error
    entries = manifest.with_tail(str(path.absolute())) or manifest.with_tail(str(path))
    same = [entry for entry in entries if entry.hash == content_hash(content)]
    if not same:
        state = "was changed after it was built" if entries else "is not in it"
        msg = f"{manifest.path} can't say: {path} {state}; run `aiprov build` again"
        raise ManifestError(msg)
    return FileAnswer(manifest.source(same[0]), content, str(manifest.path))


class Asked:
    """The tracked files of *git*: what a manifest knows about them, without building one."""

    def __init__(self, git: Git, policy: Policy) -> None:
        self._git = git
        self._policy = policy
        self._known: dict[TrackedFile, SourceFile] = {}
        self._by_name: dict[str, list[TrackedFile]] = defaultdict(list)
        for file in source_files.read(git, policy).files:
            for name in {file.path, file.import_path}:
                self._by_name[name].append(file)

    def with_tail(self, filename: str, /) -> list[TrackedFile]:
        """The files that *filename*, an absolute or relative path, may be a deployed copy of."""
        return next((self._by_name[name] for name in tails(filename) if name in self._by_name), [])

    def source(self, file: TrackedFile, /) -> SourceFile:
        """The lines of *file* as it is in the work tree; none where it can't be read."""
        if file not in self._known:
            read = attribute.read(self._git, self._policy, [file])
            unread = SourceFile(file.path, file.import_path, "", ())
            self._known[file] = next(read.sources(), unread)
        return self._known[file]
