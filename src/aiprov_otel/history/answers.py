"""Where an answer comes from: the manifest that was named, one that is up to date, or git."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aiprov_otel.errors import HistoryError, ManifestError
from aiprov_otel.history import reading, tree
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.git import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.manifest import FILE_NAME, Manifest, SourceFile, content_hash

GIT = "git"


@dataclass(frozen=True)
class FileAnswer:
    """
    Who wrote the lines of one file.

    Attributes:
        file: the lines.
        content: what is in the file.
        said_by: `git`, or the path of the manifest.
        decisions: one a line, where git was asked; empty for a manifest.
        problem: why git could not say whose the lines are.
    """

    file: SourceFile
    content: bytes
    said_by: str
    decisions: tuple[Decision, ...] = ()
    problem: str | None = None


def of_file(path: Path, manifest: Path | None, *, history: bool = False) -> FileAnswer:
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
    policy = Policy.load(git.root)
    found = None if history else _up_to_date(git, policy)
    if found and (answer := _held(found, path, git)):
        return answer
    return _by_git(git, policy, path)


def of_tree(
    start: Path, manifest: Path | None, progress: reading.Progress | None = None
) -> tuple[Iterable[SourceFile], str]:
    """Every file with its lines, and who says so: as `of_file` decides it."""
    if manifest:
        return Manifest.load(manifest).sources(), str(manifest)
    git = Git.open(start)
    policy = Policy.load(git.root)
    if found := _up_to_date(git, policy):
        return found.sources(), str(found.path)
    return reading.read(git, policy, tree.read(git, policy).files, progress).sources(), GIT


def _up_to_date(git: Git, policy: Policy) -> Manifest | None:
    """The manifest in the root, if it was built from this commit under this policy."""
    try:
        manifest = Manifest.load(git.root / FILE_NAME)
    except ManifestError:
        return None
    current = manifest.revision == git.head() and dict(manifest.policy) == policy.to_json()
    return manifest if current else None


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
    [source] = read.sources()
    decisions = tuple(read.lines(blamed))
    return FileAnswer(
        source, (git.root / blamed.file.source).read_bytes(), GIT, decisions, blamed.problem
    )
