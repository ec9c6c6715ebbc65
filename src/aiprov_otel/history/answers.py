"""Where an answer comes from: the manifest that was named, one that is up to date, or git."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiprov_otel.errors import HistoryError, ManifestError
from aiprov_otel.history import blame, commits, generated, reading, rebuild, remote, tree
from aiprov_otel.history.asked import Asked
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.commits import Commit
from aiprov_otel.history.compare import compare
from aiprov_otel.history.git import Git
from aiprov_otel.history.policy import Moves, Policy
from aiprov_otel.history.records import state
from aiprov_otel.history.terms import changed, like, terms, within
from aiprov_otel.manifest import FILE_NAME, Manifest, SourceFile, content_hash
from aiprov_otel.stacktrace.frames import Known

GIT = "git"


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
        return commits.parse_batch(self.git.objects([name])).get(name) if self.git else None


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
    """
    if manifest:
        return _by_manifest(Manifest.load(manifest), path)
    if not path.parent.is_dir() or not path.exists():
        msg = f"there is no file {path}"
        raise HistoryError(msg)
    git = Git.open(path.parent)
    policy = terms(git, moves=moves)
    found = None if history else _found(git, policy, git.root)
    if found and (answer := _held(found, path, git)):
        return answer
    return _by_git(git, policy, path)


def of_tree(
    paths: Sequence[Path], manifest: Path | None, progress: reading.Progress | None = None
) -> TreeAnswer:
    """Every file below *paths*, by default all, and who says so: as `of_file` decides it."""
    if manifest:
        return _told(Manifest.load(manifest), Policy())
    start = paths[0] if paths else Path()
    git = Git.open(start if start.is_dir() else start.parent)
    policy = terms(git, paths=within(git, paths))
    found = _found(git, policy, git.root)
    if found and compare(git, policy, found).matches:
        return _told(found, policy)
    read = rebuild.read(git, policy, tree.read(git, policy).files, progress)
    sources = tuple(generated.flagged(git, read.sources()))
    return TreeAnswer(sources, GIT, git.head(), remote.https(remote.url(git)), policy.to_json())


def of_names(start: Path, manifest: Path | None) -> tuple[Known[Any], str]:
    """What knows files by the names that they were deployed under, and who that is."""
    if manifest:
        loaded = Manifest.load(manifest)
        return loaded, f"{manifest}, built from {(loaded.revision or 'no commit')[:9]}"
    try:
        git = Git.open(start)
    except HistoryError as error:
        if beside := _beside(start):
            return of_names(start, beside)
        msg = (
            f"there is neither a git repository nor an {FILE_NAME} in {start.absolute()}; give the "
            "manifest that was deployed with --manifest"
        )
        raise HistoryError(msg) from error
    policy = terms(git)
    return Asked(git, policy), f"git, as of {git.head()[:9]}"


def _beside(start: Path) -> Path | None:
    """The manifest that a service would find in *start*."""
    folder = start.absolute()
    found = (parent / FILE_NAME for parent in (folder, *folder.parents))
    return next((path for path in found if path.is_file()), None)


def _found(git: Git, policy: Policy, folder: Path) -> Manifest | None:
    """The manifest in *folder*, if it was built from this commit under this policy."""
    try:
        manifest = Manifest.load(folder / FILE_NAME)
    except ManifestError:
        return None
    built = dict(manifest.policy)
    wide_enough = not built.get("paths") or like(policy, built).paths == policy.paths
    same_records = not state.changed(state.state(git), manifest.records)
    current = manifest.revision == git.head() and not changed(policy, built) and same_records
    return manifest if current and wide_enough else None


def _told(manifest: Manifest, policy: Policy) -> TreeAnswer:
    sources = tuple(source for source in manifest.sources() if policy.covers(source.path))
    said = {**manifest.policy, "paths": list(policy.paths or manifest.policy.get("paths", ()))}
    return TreeAnswer(sources, str(manifest.path), manifest.revision, manifest.repository_url, said)


def _held(manifest: Manifest, path: Path, git: Git) -> FileAnswer | None:
    located = tree.locate(git, path).path
    content = path.read_bytes()
    held = [e for e in manifest.with_hash(content_hash(content)) if e.path == located]
    return FileAnswer(manifest.source(held[0]), content, str(manifest.path)) if held else None


def _by_manifest(manifest: Manifest, path: Path) -> FileAnswer:
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


def _by_git(git: Git, policy: Policy, path: Path) -> FileAnswer:
    read = reading.read(git, policy, [tree.locate(git, path)])
    if not read.blamed:
        msg = f"{path} {read.left_out[0][1]}"
        raise HistoryError(msg)
    [blamed] = read.blamed
    [source] = generated.flagged(git, read.sources())
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


def _places(one: reading.BlamedFile) -> Iterator[Place]:
    by_git = (
        Place(hunk.commit, hunk.path, hunk.original + place)
        for hunk in one.hunks
        for place in range(hunk.count)
    )
    return blame.widened(by_git, one.widths)
