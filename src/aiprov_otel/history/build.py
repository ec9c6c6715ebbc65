"""Builds the manifest of a repository, and summarizes what is in it."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiprov_otel import garbage_collection, manifest
from aiprov_otel.errors import UsageError
from aiprov_otel.history import attribution, source_files
from aiprov_otel.history.attribute import Attribution
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.blame import ai_only, incremental
from aiprov_otel.history.blame.files import Progress
from aiprov_otel.history.effective_policy import apply_policy, relative_paths
from aiprov_otel.history.evidence.sources import (
    fetch_command,
    has_unasked_remote,
    records_fingerprint,
)
from aiprov_otel.history.git import remote as git_remote
from aiprov_otel.history.git.checkout import temporary_checkout
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.next_step import Coverage
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.policy_schema import Moves
from aiprov_otel.manifest import SourceFile
from aiprov_otel.values import Evidence, Origin, Strength


@dataclass(frozen=True)
class Summary:
    """
    The contents of a manifest that was just built, and what it lacks.

    Attributes:
        path: of the manifest.
        revision: full hash of the commit.
        files: how many source files it holds.
        lines: how many lines.
        origins: lines by origin.
        evidence: lines by the kind of evidence that decided.
        undecided: lines that are unknown only because the policy has `unmarked = "unknown"`.
        unasked: lines that are only known not to be of a marked commit.
        uncommitted: lines that are not committed yet.
        boundary: lines at which a shallow clone ends.
        unattributed: path and reason of each file whose lines git can't attribute.
        left_out: path and reason of each file that it lacks and might be expected.
        excluded: how many files the policy excludes.
        languages: how many files of which other language.
        generated: how many of the files are generated.
        generated_lines: how many lines those have.
        requested: lines of squashes that commits of their pull requests decided.
        unrequested: lines of squashes whose pull requests this clone lacks.
        unrequested_unknown: those of them that are unknown.
        by_policy: lines that are human only because nothing marks them.
        by_branch: lines that only the name of an agent's branch is about.
        coverage: how many of the lines that records call AI marks would find; None without any.
        missing_records: how many records this partial clone lacks.
        unreadable_records: by ref, the commits whose records can't be read.
        fetch_command: fetches the records that only the remote has.
        remote_unasked: whether the remote may have records, and this clone has none.
        note: why all files were blamed anew, where that was unexpected.
        seconds: how long it took.
    """

    path: Path
    revision: str
    files: int
    lines: int
    origins: Mapping[str, int]
    evidence: Mapping[str, int]
    undecided: int
    unasked: int
    uncommitted: int
    boundary: int
    unattributed: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    excluded: int
    languages: Counter[str]
    note: str | None
    generated: int
    generated_lines: int
    seconds: float
    requested: int = 0
    unrequested: int = 0
    unrequested_unknown: int = 0
    by_policy: int = 0
    by_branch: int = 0
    coverage: Coverage | None = None
    missing_records: int = 0
    unreadable_records: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fetch_command: str | None = None
    remote_unasked: bool = False

    def to_json(self) -> dict[str, Any]:
        """The summary as JSON values."""
        return {
            "manifest": str(self.path),
            "revision": self.revision,
            "files": self.files,
            "lines": self.lines,
            "origins": {origin: self.origins.get(origin, 0) for origin in Origin},
            "evidence": {kind: n for kind in Evidence if (n := self.evidence.get(kind, 0))},
            "undecided": self.undecided,
            "unasked": self.unasked,
            "uncommitted": self.uncommitted,
            "boundary": self.boundary,
            "unattributed": _files_to_json(self.unattributed),
            "left_out": _files_to_json(self.left_out),
            "excluded": self.excluded,
            "generated": {"files": self.generated, "lines": self.generated_lines},
            "languages": dict(self.languages.most_common()),
            "requested": self.requested,
            "unrequested": self.unrequested,
            "unrequested_unknown": self.unrequested_unknown,
            "by_policy": self.by_policy,
            "by_branch": self.by_branch,
            "coverage": self.coverage.to_json() if self.coverage else None,
            "lacking": self.missing_records,
            "unreadable": {ref: list(names) for ref, names in self.unreadable_records.items()},
            "unfetched": self.fetch_command,
            "remote_unasked": self.remote_unasked,
            "note": self.note,
            "seconds": round(self.seconds, 3),
        }


def _files_to_json(files: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"path": path, "reason": reason} for path, reason in files]


def build(
    start: str | os.PathLike[str] = ".",
    output: str | os.PathLike[str] | None = None,
    *,
    paths: Sequence[Path] = (),
    revision: str | None = None,
    moves: Moves | None = None,
    only_ai: bool = False,
    pull_requests: Path | None = None,
    progress: Progress | None = None,
    remote: bool = False,
) -> Summary:
    """
    Writes the manifest of the repository that *start* is in, and summarizes it.

    With *paths*, it holds only what is below those; with *revision*, that commit and not the work
    tree; with *only_ai*, lines that no marked commit wrote have no commit. It is written to
    *output* or, by default, to `aiprov.manifest` in the one folder that *paths* name, or in the
    root of the work tree. The file *pull_requests* describes those of the forge. With *remote*,
    git may ask the remote: for records that were not fetched, and for objects that a partial clone
    lacks.

    Raises:
        HistoryError: git can't read the repository or the revision, or every file that counts is
            unreadable.
        PolicyError: `[tool.aiprov]` holds an invalid value.
        UsageError: *paths* are outside of the repository, or there are several and no *output*.
        AiprovError: *output* can't be written.
    """
    repository = Git.open(Path(start), bare=revision is not None)
    names = relative_paths(repository, paths)
    path = Path(output) if output is not None else _default_output(repository, names)
    repository.online = remote
    with temporary_checkout(repository, revision) as git:
        policy = apply_policy(
            git,
            moves=moves,
            pull_requests=os.path.relpath(pull_requests, git.root) if pull_requests else None,
            paths=names,
            ai_only=only_ai,
        )
        with garbage_collection.paused():  # nearly all that a build makes lives until it ends
            summary = _build(git, policy, path, progress)
        if remote:
            return replace(summary, fetch_command=fetch_command(git))
        return replace(summary, remote_unasked=has_unasked_remote(git))


def _build(git: Git, policy: Policy, path: Path, progress: Progress | None) -> Summary:
    began = time.monotonic()
    head = git.head()
    tree = source_files.list_source_files(git, policy)
    attribute_files = ai_only.attribute_files if policy.ai_only else incremental.attribute_files
    attributed = attribute_files(git, policy, tree.files, progress)
    if attributed.unreadable and not attributed.blamed:
        raise attributed.error(git.root)
    generated: list[int] = []

    def sources() -> Iterator[SourceFile]:
        flagged = source_files.flag_generated(git, attributed.sources(), attributed.paths)
        for source in flagged:
            if source.generated:
                generated.append(source.lines)
            yield source

    url = git_remote.web_address(git_remote.url(git))
    manifest.dump(
        path,
        sources(),
        revision=head,
        repository_url=url,
        policy=policy.to_json(),
        records=records_fingerprint(git, policy.pull_requests),
    )
    return _summarize(
        tree,
        attributed,
        path=path,
        revision=head,
        generated=(len(generated), sum(generated)),
        seconds=time.monotonic() - began,
    )


def _default_output(git: Git, paths: tuple[str, ...]) -> Path:
    if len(paths) > 1:
        msg = f"name the manifest of {', '.join(paths)} with --output"
        raise UsageError(msg)
    if not os.path.lexists(git.root / ".git"):
        msg = f"{git.root} has no work tree to write to; name the manifest with --output"
        raise UsageError(msg)
    folder = git.root.joinpath(*paths)
    return (folder if folder.is_dir() else folder.parent) / manifest.FILE_NAME


def _summarize(
    tree: source_files.SourceTree,
    attributed: Attribution,
    *,
    path: Path,
    revision: str,
    generated: tuple[int, int],
    seconds: float,
) -> Summary:
    tally = attributed.tally()
    unrequested = [(d, lines) for d, lines in tally if attributed.decisions.lacks_request(d)]
    origins: Counter[str] = Counter()
    evidence: Counter[str] = Counter()
    for decision, lines in tally:
        origins[decision.provenance.origin] += lines
        evidence[decision.provenance.evidence] += lines
    return Summary(
        path=path,
        revision=revision,
        files=len(attributed.blamed),
        lines=origins.total(),
        origins=origins,
        evidence=evidence,
        undecided=sum(lines for decision, lines in tally if decision.is_undecided),
        unasked=sum(lines for decision, lines in tally if decision.lacks_commit),
        uncommitted=sum(n for decision, n in tally if decision is attribution.UNCOMMITTED),
        boundary=sum(lines for decision, lines in tally if decision is attribution.BOUNDARY),
        unattributed=tuple(
            (blamed.file.path, blamed.problem) for blamed in attributed.blamed if blamed.problem
        ),
        left_out=tuple(sorted((*tree.left_out, *attributed.unreadable))),
        excluded=tree.excluded,
        generated=generated[0],
        generated_lines=generated[1],
        languages=tree.languages,
        note=attributed.note,
        seconds=seconds,
        requested=sum(lines for decision, lines in tally if decision.is_requested),
        unrequested=sum(lines for _, lines in unrequested),
        unrequested_unknown=sum(lines for decision, lines in unrequested if decision.is_undecided),
        by_policy=sum(n for d, n in tally if d.is_by_policy),
        by_branch=sum(n for d, n in tally if d.is_by_branch),
        coverage=_coverage(tally, attributed),
        missing_records=attributed.decisions.missing_records,
        unreadable_records=attributed.decisions.unreadable_records,
    )


def _coverage(tally: Sequence[tuple[Decision, int]], attributed: Attribution) -> Coverage | None:
    lines: Counter[bool] = Counter()
    for decision, count in tally:
        line = decision.provenance
        if line.strength is Strength.LINE and line.origin is Origin.AI:
            lines[attributed.decisions.is_marked(line.commit)] += count
    return Coverage(lines.total(), lines[True]) if lines else None
