"""Who wrote these lines? Answered by a named or up-to-date manifest, else by git."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiprov_otel.errors import HistoryError, ManifestError, UsageError
from aiprov_otel.files import read_regular
from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.blame import hunks
from aiprov_otel.history.blame.files import BlamedFile, Progress
from aiprov_otel.history.effective_policy import (
    apply_policy,
    changed_keys,
    existing_folder,
    relative_paths,
    with_build_options,
)
from aiprov_otel.history.evidence import sources
from aiprov_otel.history.git import objects
from aiprov_otel.history.git import remote as git_remote
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.policy_schema import Moves
from aiprov_otel.manifest import FILE_NAME, Manifest, SourceFile, content_hash

GIT: Final = "git"
"""`answered_by` of an answer that no manifest gave."""


class Place(NamedTuple):
    """Where a line was when it was written: in *commit*, as *line* (1-based) of *path*."""

    commit: str
    path: str
    line: int


@dataclass(frozen=True)
class FileAnswer:
    """
    Who wrote the lines of one file.

    Attributes:
        file: the lines.
        content: the bytes of the file.
        answered_by: `git`, or the path of the manifest.
        decisions: one a line, if git answered; empty for a manifest.
        places: where each line comes from, likewise.
        problem: why git could not attribute the lines.
        policy: decided the origins.
        commits: those that wrote the lines, by hash, if git answered; most have only the first line
            of their message.
        git: the repository, likewise; None for a manifest.
    """

    file: SourceFile
    content: bytes
    answered_by: str
    decisions: tuple[Decision, ...] = ()
    places: tuple[Place, ...] = ()
    problem: str | None = None
    policy: Policy = field(default_factory=Policy)
    commits: Mapping[str, Commit] = field(default_factory=dict)
    git: Git | None = None

    def commit(self, name: str) -> Commit | None:
        """The commit *name*, as in `commits` if it is there, if git answered and has it."""
        if commit := self.commits.get(name):
            return commit
        return objects.parse_commits(self.git.objects([name])).get(name) if self.git else None


class TreeAnswer(NamedTuple):
    """
    Who wrote the lines of many files.

    Attributes:
        sources: the files, sorted by path.
        answered_by: `git`, or the path of the manifest.
        revision: full hash of the commit that it is about.
        repository_url: of the forge, without credentials; None without a remote.
        policy: decided the origins.
        git: the repository; None where only a manifest was named.
    """

    sources: Sequence[SourceFile]
    answered_by: str
    revision: str | None
    repository_url: str | None
    policy: dict[str, Any]
    git: Git | None = None


def query_file(
    path: Path,
    manifest: Path | None,
    *,
    history: bool = False,
    moves: Moves | None = None,
    remote: bool = False,
) -> FileAnswer:
    """
    The lines of the file at *path*: by *manifest*, by one that is up to date, or by git.

    With *history*, git answers rather than a manifest that was only found; with *remote*, it may
    fetch objects that a partial clone lacks.

    Raises:
        HistoryError: git does not know the file.
        ManifestError: *manifest* does not hold the file as it is.
        UsageError: it is a folder.
    """
    if manifest:
        return _file_by_manifest(Manifest.load(manifest), path)
    if not path.parent.is_dir() or not path.exists():
        msg = f"{path} does not exist; name a file of a repository"
        raise HistoryError(msg)
    if path.is_dir():
        msg = (
            f"{path} is a folder; name a file in it, or count its lines with `aiprov stats {path}`"
        )
        raise UsageError(msg)
    git = Git.open(path.parent)
    git.online = remote
    policy = apply_policy(git, moves=moves)
    current = None if history else _load_current(git, policy)
    if current and (answer := _file_by_current(current, path, git)):
        return answer
    return _file_by_git(git, policy, path)


def query_tree(
    paths: Sequence[Path],
    manifest: Path | None,
    progress: Progress | None = None,
    *,
    remote: bool = False,
) -> TreeAnswer:
    """The lines of every file below *paths*, by default of all: answered as by `query_file`."""
    from aiprov_otel.history.check import compare  # not needed for a single file

    if manifest:
        return _part_by_manifest(Manifest.load(manifest), paths)
    git = Git.open(existing_folder(paths))
    git.online = remote
    policy = apply_policy(git, paths=relative_paths(git, paths))
    current = _load_current(git, policy)
    if current and compare(git, policy, current).matches:
        return _tree_by_manifest(current, policy)._replace(git=git)
    return _tree_by_git(git, policy, progress)


def _load_current(git: Git, policy: Policy) -> Manifest | None:
    """The manifest in the root, if this commit, this policy and these records made it."""
    try:
        manifest = Manifest.load(git.root / FILE_NAME)
    except ManifestError:
        return None
    built = dict(manifest.policy)
    as_built = with_build_options(policy, built)
    complete = not built.get("paths") or as_built.paths == policy.paths
    fingerprint = sources.records_fingerprint(git, as_built.pull_requests)
    changed = changed_keys(policy, built) or sources.changed_records(fingerprint, manifest.records)
    same = manifest.revision == git.head() and not changed
    return manifest if same and complete else None


def _file_by_current(manifest: Manifest, path: Path, git: Git) -> FileAnswer | None:
    """The file at *path*, which *git* tracks, if *manifest* holds it as it is."""
    name = source_files.find_tracked(git, path).path
    content = read_regular(path)
    entries = [e for e in manifest.with_hash(content_hash(content)) if e.path == name]
    if not entries:
        return None
    return FileAnswer(manifest.source(entries[0]), content, str(manifest.path))


def _file_by_manifest(manifest: Manifest, path: Path) -> FileAnswer:
    """
    The file at *path*.

    Raises:
        HistoryError: it can't be read.
        ManifestError: *manifest* does not hold it as it is.
    """
    try:
        content = read_regular(path)
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror or error}"
        raise HistoryError(msg) from error
    entries = manifest.with_tail(str(path.absolute())) or manifest.with_tail(str(path))
    same = [entry for entry in entries if entry.hash == content_hash(content)]
    if not same:
        reason = f"{path} was changed after it was built" if entries else f"it lacks {path}"
        msg = f"{manifest.path} has no answer: {reason}; run `aiprov build` again"
        raise ManifestError(msg)
    return FileAnswer(manifest.source(same[0]), content, str(manifest.path))


def _file_by_git(git: Git, policy: Policy, path: Path) -> FileAnswer:
    """
    The file at *path*, with the decision about each line and the place where it comes from.

    Raises:
        HistoryError: git does not track it, or it can't be read.
    """
    attributed = attribute.attribute_files(git, policy, [source_files.find_tracked(git, path)])
    if not attributed.blamed:
        raise attributed.error(git.root)
    [blamed] = attributed.blamed
    [source] = source_files.flag_generated(git, attributed.sources(), attributed.paths)
    return FileAnswer(
        source,
        read_regular(git.root / blamed.file.source),
        GIT,
        tuple(attributed.lines(blamed)),
        tuple(_places(blamed)),
        blamed.problem,
        policy,
        attributed.decisions.commits,
        git,
    )


def _places(blamed: BlamedFile) -> Iterator[Place]:
    places = (
        Place(hunk.commit, hunk.path, hunk.original + offset)
        for hunk in blamed.hunks
        for offset in range(hunk.count)
    )
    return hunks.widen(places, blamed.widths)


def _part_by_manifest(manifest: Manifest, paths: Sequence[Path]) -> TreeAnswer:
    """
    Every file of *manifest* that is below one of *paths*, by default all.

    Raises:
        UsageError: there is none below one of them.
    """
    names = {os.path.normpath(path).replace(os.sep, "/") for path in paths} - {"."}
    for name in names:
        if not any(Policy(paths=(name,)).covers(entry.path) for entry in manifest.entries):
            msg = f"{manifest.path} holds nothing at {name}; give the path relative to the root"
            raise UsageError(msg)
    return _tree_by_manifest(manifest, Policy(paths=tuple(sorted(names))))


def _tree_by_manifest(manifest: Manifest, policy: Policy) -> TreeAnswer:
    """Every file of *manifest* that *policy* covers."""
    sources = tuple(source for source in manifest.sources() if policy.covers(source.path))
    paths = list(policy.paths or manifest.policy.get("paths", ()))
    built = {**manifest.policy, "paths": paths}
    return TreeAnswer(
        sources, str(manifest.path), manifest.revision, manifest.repository_url, built
    )


def _tree_by_git(git: Git, policy: Policy, progress: Progress | None = None) -> TreeAnswer:
    """
    Every file that counts under *policy*.

    Raises:
        HistoryError: one of them can't be read.
    """
    from aiprov_otel.history.blame import incremental  # not needed for a single file

    files = source_files.list_source_files(git, policy).files
    attributed = incremental.attribute_files(git, policy, files, progress)
    if attributed.unreadable:
        raise attributed.error(git.root)
    sources = tuple(source_files.flag_generated(git, attributed.sources(), attributed.paths))
    url = git_remote.web_address(git_remote.url(git))
    return TreeAnswer(sources, GIT, git.head(), url, policy.to_json(), git)
