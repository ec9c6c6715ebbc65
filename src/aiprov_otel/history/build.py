"""From a repository to its manifest."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from aiprov_otel import manifest
from aiprov_otel.errors import UsageError
from aiprov_otel.history import attribute, attribution, generated, source_files, unfetched
from aiprov_otel.history.blame import ai_only, incremental
from aiprov_otel.history.blame.files import Progress
from aiprov_otel.history.effective_policy import terms, within
from aiprov_otel.history.git import remote
from aiprov_otel.history.git.checkout import at
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.moves import Moves
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.records.state import state
from aiprov_otel.history.summary import Summary


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
    asked = within(opened, paths)
    path = Path(output) if output is not None else _default(opened, asked)
    with at(opened, revision) as git:
        policy = terms(git, moves=moves, paths=asked, ai_only=only_ai)
        with _uncollected():
            summary = _build(git, policy, path, progress)
        return replace(summary, unfetched=unfetched.command(git)) if ask_remote else summary


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
    sources = tuple(generated.flagged(git, read.sources()))
    url = remote.https(remote.url(git))
    manifest.dump(
        path,
        sources,
        revision=head,
        repository_url=url,
        policy=policy.to_json(),
        records=state(git),
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
