"""Files by the name they were deployed under, each blamed when it is first asked for."""

from __future__ import annotations

from collections import defaultdict

from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.source_files import TrackedFile
from aiprov_otel.manifest import SourceFile, tails


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
