"""Answers that a manifest gives: the one that was named, or one that is up to date."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from aiprov_otel.errors import HistoryError, ManifestError, UsageError
from aiprov_otel.history import source_files
from aiprov_otel.history.answer import FileAnswer, TreeAnswer
from aiprov_otel.history.effective_policy import changed, like
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.records import state
from aiprov_otel.manifest import FILE_NAME, Manifest, content_hash


def beside(start: Path) -> Path | None:
    """The manifest that a service would find in *start*."""
    folder = start.absolute()
    found = (parent / FILE_NAME for parent in (folder, *folder.parents))
    return next((path for path in found if path.is_file()), None)


def current(git: Git, policy: Policy) -> Manifest | None:
    """The manifest in the root, if this commit, this policy and these records made it."""
    try:
        manifest = Manifest.load(git.root / FILE_NAME)
    except ManifestError:
        return None
    built = dict(manifest.policy)
    wide_enough = not built.get("paths") or like(policy, built).paths == policy.paths
    others = changed(policy, built) or state.changed(state.state(git), manifest.records)
    same = manifest.revision == git.head() and not others
    return manifest if same and wide_enough else None


def of_tree(manifest: Manifest, policy: Policy) -> TreeAnswer:
    """Every file of *manifest* that *policy* covers."""
    sources = tuple(source for source in manifest.sources() if policy.covers(source.path))
    said = {**manifest.policy, "paths": list(policy.paths or manifest.policy.get("paths", ()))}
    return TreeAnswer(sources, str(manifest.path), manifest.revision, manifest.repository_url, said)


def of_part(manifest: Manifest, paths: Sequence[Path]) -> TreeAnswer:
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
    return of_tree(manifest, Policy(paths=tuple(sorted(names))))


def held(manifest: Manifest, path: Path, git: Git) -> FileAnswer | None:
    """The file at *path*, which *git* tracks, if *manifest* holds it as it is."""
    located = source_files.locate(git, path).path
    content = path.read_bytes()
    same = [e for e in manifest.with_hash(content_hash(content)) if e.path == located]
    return FileAnswer(manifest.source(same[0]), content, str(manifest.path)) if same else None


def of_file(manifest: Manifest, path: Path) -> FileAnswer:
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
