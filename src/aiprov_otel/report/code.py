"""The code that ran, as far as a verb of the command line can reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiprov_otel.coverage.values import FileCoverage
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.manifest.document import Entry


def _no_text(_: Entry) -> str | None:
    return None


def _no_subjects(_: Iterable[str]) -> Mapping[str, str]:
    return {}


def _no_step() -> None:
    return None


@dataclass(frozen=True)
class Code:
    """
    The code that a report is about. A report reads no history: a verb hands this in.

    Attributes:
        manifest: the provenance of the lines; None if there is none.
        text: returns the text of a file of the manifest; None where it is missing or changed.
        subjects: returns the first line of the message of each commit that git has, by its hash.
        coverage: what tests executed, by the path of a file in the repository.
        next_step: returns the step that would make most of the unknown lines known, if there is
            one; it is measured when it is first called.
    """

    manifest: Manifest | None = None
    text: Callable[[Entry], str | None] = _no_text
    subjects: Callable[[Iterable[str]], Mapping[str, str]] = _no_subjects
    coverage: Mapping[str, FileCoverage] = field(default_factory=dict)
    next_step: Callable[[], str | None] = _no_step
