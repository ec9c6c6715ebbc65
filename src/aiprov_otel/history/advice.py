"""What rests on weak evidence, and what to do about it, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aiprov_otel.manifest import SourceFile
from aiprov_otel.values import Evidence, Origin, Strength


def advice(sources: Iterable[SourceFile], policy: Mapping[str, Any]) -> Iterator[str]:
    """
    One sentence for the share that is weak, and one for each thing to do about it.

    The *policy* is what a manifest holds of it.
    """
    lines: Counter[tuple[Evidence, Origin]] = Counter()
    for source in sources:
        for run in source.runs:
            lines[run.provenance.evidence, run.provenance.origin] += run.count
    total = lines.total()
    weak = sum(n for (kind, _), n in lines.items() if kind.strength is Strength.WEAK)
    if not weak:
        return
    yield f"{_share(weak, total)} of the lines rest on weak evidence: no record, no mark"
    unmarked = _OLDER if policy.get("unmarked_human_since") else _UNMARKED
    for kind, sentence in {(Evidence.UNMARKED, Origin.UNKNOWN): unmarked, **_DO}.items():
        if number := sum(n for key, n in lines.items() if key == kind):
            lines_of = "1 line" if number == 1 else f"{number} lines"
            yield f"  {_share(number, total)} ({lines_of}) {sentence}"


_UNMARKED = (
    "are unmarked and unknown: let your agents mark their commits and say since when they do, with "
    'unmarked_human_since = 2026-01-31 in [tool.aiprov]; or unmarked = "human", if they always have'
)
_OLDER = (
    "are unmarked, unknown and older than unmarked_human_since of [tool.aiprov]: nothing was "
    "written down about them"
)
_DO = {
    (Evidence.UNMARKED, Origin.HUMAN): (
        "are unmarked and human because your policy says so: true as far as your agents do mark "
        "their commits"
    ),
    (Evidence.PREDATES_AI, Origin.HUMAN): (
        "are human because they are older than the first coding assistant (human_before): "
        "nothing to do"
    ),
    (Evidence.NONE, Origin.UNKNOWN): (
        "are a bot's, or of no commit that git can name: commit what is not committed, and fetch "
        "what a shallow clone lacks with `git fetch --unshallow`"
    ),
}


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"
