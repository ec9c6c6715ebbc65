"""Does a manifest still match the tree, and is enough known for a gate in CI?"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.history import source_files
from aiprov_otel.history.effective_policy import as_built, changed_keys
from aiprov_otel.history.evidence import sources
from aiprov_otel.history.git.checkout import commit_of
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash
from aiprov_otel.values import Origin, Strength


@dataclass(frozen=True)
class Comparison:
    """
    How the work tree differs from a manifest.

    Attributes:
        files: how many the manifest holds.
        built_from: the commit that the manifest was built from.
        head: the commit that is checked out.
        changed: paths whose content is another one.
        missing: paths that the manifest holds and the tree does not.
        new: paths that the tree holds and the manifest does not.
        policy: the keys of the policy that say something else than they did.
        records: where records are kept that are others than they were: refs, a log.
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
        """The same as JSON can hold it."""
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
    Compare the work tree of *git* with *manifest*, by content and in the way it was built.

    Raises:
        HistoryError: a file that counts can't be read.
        ManifestError: a document of *manifest* was changed or is not whole.
    """
    for _ in manifest.sources():  # reading them is what checks their digests
        pass
    known = {entry.path: entry.hash for entry in manifest.entries}
    files = source_files.read(git, as_built(policy, manifest.policy)).files
    now = {file.path: _hash(git.root / file.source) for file in files}
    readable = {path: content for path, content in now.items() if content}
    return Comparison(
        files=len(known),
        built_from=manifest.revision,
        head=git.head(),
        changed=tuple(sorted(p for p in known.keys() & readable if known[p] != readable[p])),
        missing=tuple(sorted(known.keys() - readable)),
        new=tuple(sorted(readable.keys() - known)),
        policy=changed_keys(policy, manifest.policy),
        records=sources.records_changed(sources.records_state(git), manifest.records),
    )


def _hash(path: Path) -> str | None:
    try:
        return content_hash(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror or error}; mend that and try again"
        raise HistoryError(msg) from error


_RANK: Final = {Strength.WEAK: 0, Strength.COMMIT: 1, Strength.LINE: 2}


@dataclass(frozen=True)
class Gate:
    """
    What is asked.

    Attributes:
        minimum: the share (0..1) of the lines that has to be known.
        strength: a line counts as known if its evidence proves at least this much.
        since: only the lines of commits that are not in this one's history are asked about.
    """

    minimum: float
    strength: Strength = Strength.WEAK
    since: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of it: *known* of the *lines* that the *gate* asks about."""

    gate: Gate
    lines: int
    known: int

    @property
    def passed(self) -> bool:
        """Whether enough is known; of no lines, everything is."""
        return self.known >= self.gate.minimum * self.lines

    def to_json(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        return {
            "passed": self.passed,
            "lines": self.lines,
            "known": self.known,
            "share": round(self.known / self.lines, 4) if self.lines else None,
            "min_known": self.gate.minimum,
            "min_strength": self.gate.strength.value,
            "since": self.gate.since,
        }


def check_gate(gate: Gate, sources: Iterable[SourceFile], git: Git) -> Outcome:
    """
    Count the lines that *gate* asks about in *sources*.

    Raises:
        HistoryError: the commit that it names is not in the repository.
        UsageError: its share is none.
    """
    if not 0 <= gate.minimum <= 1:
        msg = f"--min-known can't be {gate.minimum}; give a share from 0 to 1, like 0.9"
        raise UsageError(msg)
    new = _since(git, gate.since) if gate.since else None
    runs = [run for source in sources for run in source.runs if _asked(run, new)]
    known = sum(run.count for run in runs if _known(run, gate.strength))
    return Outcome(gate, sum(run.count for run in runs), known)


def _since(git: Git, revision: str) -> frozenset[str]:
    past = commit_of(git, revision)
    return frozenset(git.run("rev-list", git.head(), f"^{past}").decode("ascii").split())


def _asked(run: Run, new: Container[str | None] | None) -> bool:
    return new is None or run.provenance.commit in new


def _known(run: Run, strength: Strength) -> bool:
    strong = _RANK[run.provenance.strength] >= _RANK[strength]
    return strong and run.provenance.origin is not Origin.UNKNOWN
