"""What a build found, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
