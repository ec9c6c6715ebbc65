"""From a repository to its manifest."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

from aiprov_otel import manifest
from aiprov_otel.history import attribution, reading, remote, tree
from aiprov_otel.history.git import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.summary import Summary


def build(
    start: str | os.PathLike[str] = ".",
    output: str | os.PathLike[str] | None = None,
    *,
    progress: reading.Progress | None = None,
) -> Summary:
    """
    Write the manifest of the repository that *start* is in, and say what is in it.

    It is written to *output* or, by default, to `aiprov.manifest` in the root of the work tree.

    Raises:
        HistoryError: there is no repository that git can read.
        PolicyError: `[tool.aiprov]` holds a value that can't be.
        AiprovError: *output* can't be written.
    """
    began = time.monotonic()
    git = Git.open(Path(start))
    policy = Policy.load(git.root)
    revision = git.head()
    found = tree.read(git, policy)
    read = reading.read(git, policy, found.files, progress)
    path = Path(output) if output is not None else git.root / manifest.FILE_NAME
    manifest.dump(
        path,
        read.sources(),
        revision=revision,
        repository_url=remote.https(git.remote()),
        policy=policy.to_json(),
    )
    return _summary(found, read, path=path, revision=revision, seconds=time.monotonic() - began)


def _summary(
    found: tree.Tree, read: reading.Reading, *, path: Path, revision: str, seconds: float
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
        uncommitted=sum(lines for one, lines in tally if one is attribution.UNCOMMITTED),
        boundary=sum(lines for one, lines in tally if one is attribution.BOUNDARY),
        unattributed=tuple((one.file.path, one.problem) for one in read.blamed if one.problem),
        left_out=tuple(sorted((*found.left_out, *read.left_out))),
        excluded=found.excluded,
        languages=found.languages,
        seconds=seconds,
    )
