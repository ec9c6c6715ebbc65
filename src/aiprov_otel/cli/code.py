"""The code that a page shows: the manifest, the files as they were built, and git's subjects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiprov_otel.errors import AiprovError, HistoryError, ManifestError
from aiprov_otel.files import read_regular
from aiprov_otel.history.git.objects import parse_commits, parse_contents
from aiprov_otel.history.git.repository import Git
from aiprov_otel.manifest import content_hash
from aiprov_otel.report.code import Code
from aiprov_otel.telemetry.workdir import deployed_manifest

if TYPE_CHECKING:
    from aiprov_otel.coverage.values import FileCoverage
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.manifest.document import Entry

_MOST_COMMITS: Final = 2_000


def page_code(coverage: Path | None = None, *, strict: bool = False) -> Callable[[], Code]:
    """
    Returns a function that returns the code of the working directory as it is now.

    *coverage* is a file of coverage. A manifest that can't be read, as it may be being written, is
    left out; with *strict*, it is an error.

    Raises:
        UsageError: *coverage* can't be read.
    """
    sources = _Sources(Path.cwd())
    measured = _measured(coverage) if coverage else None

    def read() -> Code:
        try:
            manifest = deployed_manifest()
        except ManifestError:
            if strict:
                raise
            manifest = None
        tested = measured(manifest) if measured and manifest else {}
        return Code(
            manifest,
            sources.text_of(manifest),
            sources.subjects,
            tested,
            sources.next_step_of(manifest),
        )

    return read


def _measured(path: Path) -> Callable[[Manifest], Mapping[str, FileCoverage]]:
    """Returns a function from a manifest to what the coverage at *path* measured of its files."""
    from aiprov_otel.coverage.read import read_coverage
    from aiprov_otel.review.tested import match

    files = read_coverage(path, Path.cwd())

    def tested(manifest: Manifest) -> Mapping[str, FileCoverage]:
        matched = match(manifest.sources(), files, Path.cwd()).files
        return {name: measured for name, (_, measured) in matched.items()}

    return tested


class _Sources:
    """Files and commits of the repository in *folder*, if it is in one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._subjects: dict[str, str] = {}
        self._step: tuple[list[str], str | None] | None = None

    def text_of(self, manifest: Manifest | None) -> Callable[[Entry], str | None]:
        """Returns a function from a file to its text as it was when *manifest* was built."""

        @cache
        def text(entry: Entry) -> str | None:
            for data in self._contents(entry, manifest.revision if manifest else None):
                if content_hash(data) == entry.hash:
                    return data.decode("utf-8", "replace")
            return None

        return text

    def next_step_of(self, manifest: Manifest | None) -> Callable[[], str | None]:
        """Returns a function to the step that would make most unknown lines of *manifest* known."""

        def step() -> str | None:
            if manifest is None or self._git is None:
                return None
            lines = [entry.digest for entry in manifest.entries]
            if self._step is None or self._step[0] != lines:
                self._step = lines, _next_step(manifest, self._git)
            return self._step[1]

        return step

    def subjects(self, commits: Iterable[str]) -> Mapping[str, str]:
        """The first line of the message of each of *commits* that git has."""
        wanted = list(dict.fromkeys(commits))[:_MOST_COMMITS]
        missing = [one for one in wanted if one not in self._subjects]
        if (git := self._git) and missing:
            try:
                names = [name for name in missing if name.isalnum()]
                found = parse_commits(git.objects(names))
            except HistoryError:
                found = {}
            self._subjects.update({name: commit.lines[0] for name, commit in found.items()})
        return {name: self._subjects[name] for name in wanted if name in self._subjects}

    def _contents(self, entry: Entry, revision: str | None) -> Iterable[bytes]:
        """What the file of *entry* may have held, in the work tree and in the commit *revision*."""
        git = self._git
        root = git.root if git else self._folder
        with suppress(OSError):
            yield read_regular(root / entry.path, inside=root)
        if git and revision and "\n" not in entry.path:
            try:
                yield from filter(None, parse_contents(git.objects([f"{revision}:{entry.path}"])))
            except HistoryError:
                return

    @cached_property
    def _git(self) -> Git | None:
        try:
            return Git.open(self._folder)
        except AiprovError:
            return None


def _next_step(manifest: Manifest, git: Git) -> str | None:
    from aiprov_otel.history.next_step import find_next_step, measure_coverage

    try:
        coverage = measure_coverage(manifest.sources(), git)
        return find_next_step(manifest.sources(), manifest.policy, git, coverage)
    except AiprovError:  # a page is shown without it
        return None
