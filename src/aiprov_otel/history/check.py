"""Does a manifest still say what the tree is?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import source_files
from aiprov_otel.history.effective_policy import changed, like
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.records import state
from aiprov_otel.manifest import Manifest, content_hash


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
    files = source_files.read(git, like(policy, manifest.policy)).files
    now = {file.path: _hash(git.root / file.source) for file in files}
    readable = {path: content for path, content in now.items() if content}
    return Comparison(
        files=len(known),
        built_from=manifest.revision,
        head=git.head(),
        changed=tuple(sorted(p for p in known.keys() & readable if known[p] != readable[p])),
        missing=tuple(sorted(known.keys() - readable)),
        new=tuple(sorted(readable.keys() - known)),
        policy=changed(policy, manifest.policy),
        records=state.changed(state.state(git), manifest.records),
    )


def _hash(path: Path) -> str | None:
    try:
        return content_hash(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror or error}; mend that and try again"
        raise HistoryError(msg) from error
