"""Does a manifest still match the tree, and is enough known for a gate in CI?"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.files import read_regular
from aiprov_otel.history.effective_policy import changed_keys, with_build_options
from aiprov_otel.history.evidence import sources
from aiprov_otel.history.git.checkout import resolve_commit
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.source_files import list_source_files
from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash
from aiprov_otel.values import Origin, Strength


@dataclass(frozen=True)
class Comparison:
    """
    How the work tree differs from a manifest.

    Attributes:
        files: how many files the manifest holds.
        built_from: the commit that the manifest was built from.
        head: the commit that is checked out.
        changed: paths whose content changed.
        missing: paths that only the manifest has.
        new: paths that only the tree has.
        policy: the keys of the policy that changed.
        records: the places of records that changed: refs, a log.
    """

    files: int
    built_from: str | None
    head: str
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    new: tuple[str, ...]
    policy: tuple[str, ...]
    records: tuple[str, ...]

    @property
    def matches(self) -> bool:
        """Whether building again would give the same answers."""
        files = self.changed or self.missing or self.new
        return self.built_from == self.head and not (files or self.policy or self.records)

    def to_json(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {
            "matches": self.matches,
            "files": self.files,
            "built_from": self.built_from,
            "head": self.head,
            "changed": list(self.changed),
            "missing": list(self.missing),
            "new": list(self.new),
            "policy": list(self.policy),
            "records": list(self.records),
        }


def compare(git: Git, policy: Policy, manifest: Manifest) -> Comparison:
    """
    Compares the work tree of *git* with *manifest*, by content and in the way it was built.

    Raises:
        HistoryError: a file that counts can't be read.
        ManifestError: a document of *manifest* was changed or is not whole.
    """
    for _ in manifest.sources():  # reading them is what checks their digests
        pass
    built = {entry.path: entry.hash for entry in manifest.entries}
    built_policy = with_build_options(policy, manifest.policy)
    files = list_source_files(git, built_policy).files
    fingerprint = sources.records_fingerprint(git, built_policy.pull_requests)
    hashes = {file.path: _hash(git.root / file.source) for file in files}
    now = {path: content for path, content in hashes.items() if content}
    return Comparison(
        files=len(built),
        built_from=manifest.revision,
        head=git.head(),
        changed=tuple(sorted(path for path in built.keys() & now if built[path] != now[path])),
        missing=tuple(sorted(built.keys() - now)),
        new=tuple(sorted(now.keys() - built)),
        policy=changed_keys(policy, manifest.policy),
        records=sources.changed_records(fingerprint, manifest.records),
    )


def _hash(path: Path) -> str | None:
    try:
        return content_hash(read_regular(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror or error}; fix that and try again"
        raise HistoryError(msg) from error


_RANK: Final = {Strength.WEAK: 0, Strength.COMMIT: 1, Strength.LINE: 2}


@dataclass(frozen=True)
class Gate:
    """
    The share of lines that has to be known.

    Attributes:
        minimum: the share (0..1) of the lines that has to be known.
        strength: a line counts as known if its evidence is at least this strong.
        since: leaves out the lines of commits in the history of this one; None for all lines.
    """

    minimum: float
    strength: Strength = Strength.WEAK
    since: str | None = None


@dataclass(frozen=True)
class GateResult:
    """How many of the *lines* that the *gate* is about are *known*."""

    gate: Gate
    lines: int
    known: int

    @property
    def passed(self) -> bool:
        """Whether enough lines are known; without any lines, it passes."""
        return self.known >= self.gate.minimum * self.lines

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        return {
            "passed": self.passed,
            "lines": self.lines,
            "known": self.known,
            "share": round(self.known / self.lines, 4) if self.lines else None,
            "min_known": self.gate.minimum,
            "min_strength": self.gate.strength.value,
            "since": self.gate.since,
        }


def check_gate(gate: Gate, sources: Iterable[SourceFile], git: Git) -> GateResult:
    """
    Counts the lines of *sources* that *gate* is about.

    Raises:
        HistoryError: the commit that it names is not in the repository.
        UsageError: its share is not from 0 to 1.
    """
    if not 0 <= gate.minimum <= 1:
        msg = f"--min-known can't be {gate.minimum}; give a share from 0 to 1, like 0.9"
        raise UsageError(msg)
    new = _new_commits(git, gate.since) if gate.since else None
    runs = [
        run
        for source in sources
        for run in source.runs
        if new is None or run.provenance.commit in new
    ]
    known = sum(run.count for run in runs if _is_known(run, gate.strength))
    return GateResult(gate, sum(run.count for run in runs), known)


def _new_commits(git: Git, since: str) -> Container[str | None]:
    past = resolve_commit(git, since)
    return frozenset(git.run("rev-list", git.head(), f"^{past}").decode("ascii").split())


def _is_known(run: Run, strength: Strength) -> bool:
    strong = _RANK[run.provenance.strength] >= _RANK[strength]
    return strong and run.provenance.origin is not Origin.UNKNOWN
