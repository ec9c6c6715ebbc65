"""From a repository to its manifest, and a summary of what was found."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiprov_otel import manifest
from aiprov_otel.errors import UsageError
from aiprov_otel.history import attribute, attribution, source_files
from aiprov_otel.history.blame import ai_only, incremental
from aiprov_otel.history.blame.files import Progress
from aiprov_otel.history.effective_policy import effective_policy, paths_within
from aiprov_otel.history.evidence.sources import records_state
from aiprov_otel.history.git import remote
from aiprov_otel.history.git.checkout import at
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.policy_schema import Moves
from aiprov_otel.values import Evidence, Origin


@dataclass(frozen=True)
class Summary:
    """
    What is in a manifest that was just built, and what is not.

    Attributes:
        path: where it was written.
        revision: full hash of the commit.
        files: how many source files it holds.
        lines: how many lines.
        origins: lines by origin.
        evidence: lines by the kind of evidence that decided.
        undecided: lines that are unknown only because the policy says `unmarked = "unknown"`.
        unasked: lines of which all that is known is that no mark is about them.
        uncommitted: lines that no commit has yet.
        boundary: lines at which a shallow clone ends.
        unattributed: path and reason of each file whose lines git can't attribute.
        left_out: path and reason of each file that is not in it and might be missed.
        excluded: files that the policy leaves out.
        languages: files of other languages.
        generated: how many of the files a generator wrote, whoever committed them.
        generated_lines: how many lines those have.
        lacking: records that are not in this partial clone.
        unfetched: the command that fetches records which are on the remote alone.
        note: why git had to be asked about all files again; None where it was to be expected.
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
    lacking: int = 0
    unfetched: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
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
            "unattributed": _listed(self.unattributed),
            "left_out": _listed(self.left_out),
            "excluded": self.excluded,
            "generated": {"files": self.generated, "lines": self.generated_lines},
            "languages": dict(self.languages.most_common()),
            "lacking": self.lacking,
            "unfetched": self.unfetched,
            "note": self.note,
            "seconds": round(self.seconds, 3),
        }


def _listed(files: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"path": path, "reason": reason} for path, reason in files]


def build(
    start: str | os.PathLike[str] = ".",
    output: str | os.PathLike[str] | None = None,
    *,
    paths: Sequence[Path] = (),
    revision: str | None = None,
    moves: Moves | None = None,
    only_ai: bool = False,
    progress: Progress | None = None,
    ask_remote: bool = False,
) -> Summary:
    """
    Write the manifest of the repository that *start* is in, and say what is in it.

    With *paths*, of what is below those alone; with *revision*, of that commit and not of the
    work tree; with *only_ai*, lines that no commit with a mark wrote have no commit. It is written
    to *output* or, by default, to `aiprov.manifest` in the one folder that *paths* name, or in the
    root of the work tree. With *ask_remote*, the remote is asked for records that were not fetched;
    it has five seconds to answer.

    Raises:
        HistoryError: there is no repository that git can read, no such commit, or not one of the
            files that count can be read.
        PolicyError: `[tool.aiprov]` holds a value that can't be.
        UsageError: *paths* name what is not in the repository, or several without an *output*.
        AiprovError: *output* can't be written.
    """
    opened = Git.open(Path(start))
    asked = paths_within(opened, paths)
    path = Path(output) if output is not None else _default(opened, asked)
    with at(opened, revision) as git:
        policy = effective_policy(git, moves=moves, paths=asked, ai_only=only_ai)
        with _uncollected():
            summary = _build(git, policy, path, progress)
        return replace(summary, unfetched=remote.fetch_command(git)) if ask_remote else summary


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without a search for garbage: nearly all that a build makes lives until it ends."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _build(git: Git, policy: Policy, path: Path, progress: Progress | None) -> Summary:
    began = time.monotonic()
    head = git.head()
    found = source_files.read(git, policy)
    reader = ai_only.read if policy.ai_only else incremental.read
    read = reader(git, policy, found.files, progress)
    if read.left_out and not read.blamed:
        raise read.unreadable(git.root)
    sources = tuple(source_files.flag_generated(git, read.sources()))
    url = remote.https(remote.url(git))
    manifest.dump(
        path,
        sources,
        revision=head,
        repository_url=url,
        policy=policy.to_json(),
        records=records_state(git),
    )
    lines = [source.lines for source in sources if source.generated]
    return _summary(
        found,
        read,
        path=path,
        revision=head,
        by_generators=(len(lines), sum(lines)),
        seconds=time.monotonic() - began,
    )


def _default(git: Git, paths: tuple[str, ...]) -> Path:
    if len(paths) > 1:
        msg = f"say with --output where the manifest of {', '.join(paths)} is to be written"
        raise UsageError(msg)
    folder = git.root.joinpath(*paths)
    return (folder if folder.is_dir() else folder.parent) / manifest.FILE_NAME


def _summary(
    found: source_files.Tree,
    read: attribute.Reading,
    *,
    path: Path,
    revision: str,
    by_generators: tuple[int, int],
    seconds: float,
) -> Summary:
    tally = read.tally()
    origins: Counter[str] = Counter()
    evidence: Counter[str] = Counter()
    for decision, lines in tally:
        origins[decision.provenance.origin] += lines
        evidence[decision.provenance.evidence] += lines
    return Summary(
        path=path,
        revision=revision,
        files=len(read.blamed),
        lines=origins.total(),
        origins=origins,
        evidence=evidence,
        undecided=sum(lines for one, lines in tally if attribution.by_policy_alone(one)),
        unasked=sum(lines for one, lines in tally if attribution.of_no_commit(one)),
        uncommitted=sum(lines for one, lines in tally if one is attribution.UNCOMMITTED),
        boundary=sum(lines for one, lines in tally if one is attribution.BOUNDARY),
        unattributed=tuple((one.file.path, one.problem) for one in read.blamed if one.problem),
        left_out=tuple(sorted((*found.left_out, *read.left_out))),
        excluded=found.excluded,
        generated=by_generators[0],
        generated_lines=by_generators[1],
        languages=found.languages,
        note=read.note,
        seconds=seconds,
        lacking=read.decisions.lacking,
    )
