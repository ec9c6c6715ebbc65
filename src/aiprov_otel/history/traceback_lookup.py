"""Who wrote the lines of a stack trace? Files are looked up by the names that they run under."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from aiprov_otel.errors import HistoryError
from aiprov_otel.format import short_hash
from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.effective_policy import apply_policy
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.source_files import TrackedFile
from aiprov_otel.manifest import FILE_NAME, Manifest, SourceFile, tails
from aiprov_otel.manifest.locate import manifest_above
from aiprov_otel.stacktrace.frames import Known


def open_lookup(start: Path, manifest: Path | None) -> tuple[Known[Any], str]:
    """Looks files up by their deployed names: in *manifest*, or by git; and its description."""
    if manifest:
        loaded = Manifest.load(manifest)
        return loaded, f"{manifest}, built from {short_hash(loaded.revision or 'no commit')}"
    try:
        git = Git.open(start)
    except HistoryError as error:
        if path := manifest_above(start):
            return open_lookup(start, path)
        msg = (
            f"neither a git repository nor an {FILE_NAME} in {start.absolute()}; give the "
            "manifest that was deployed with --manifest"
        )
        raise HistoryError(msg) from error
    return GitLookup(git, apply_policy(git)), f"git, as of {git.head()[:9]}"


class GitLookup:
    """Looks tracked files up as a manifest does, without building one."""

    def __init__(self, git: Git, policy: Policy) -> None:
        self._git = git
        self._policy = policy
        self._sources: dict[TrackedFile, SourceFile] = {}
        self._by_name: dict[str, list[TrackedFile]] = defaultdict(list)
        for file in source_files.list_source_files(git, policy).files:
            for name in {file.path, file.import_path}:
                self._by_name[name].append(file)

    def with_tail(self, filename: str, /) -> list[TrackedFile]:
        """The files that *filename*, an absolute or relative path, may be a deployed copy of."""
        return next((self._by_name[name] for name in tails(filename) if name in self._by_name), [])

    def source(self, file: TrackedFile, /) -> SourceFile:
        """The lines of *file* as it is in the work tree; none where it can't be read."""
        if file not in self._sources:
            attributed = attribute.attribute_files(self._git, self._policy, [file])
            empty = SourceFile(file.path, file.import_path, "", ())
            self._sources[file] = next(attributed.sources(), empty)
        return self._sources[file]
