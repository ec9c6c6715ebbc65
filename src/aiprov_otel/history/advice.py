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
    known = list(sources)
    for source in known:
        for run in source.runs:
            lines[run.provenance.evidence, run.provenance.origin] += run.count
    total = lines.total()
    weak = sum(n for (kind, _), n in lines.items() if kind.strength is Strength.WEAK)
    if not weak:
        return
    yield f"{_share(weak, total)} of the lines rest on weak evidence: no record, no mark"
    since = policy.get("unmarked_human_since")
    unmarked = _OLDER if since else _UNMARKED.format(_day(known))
    for kind, sentence in {(Evidence.UNMARKED, Origin.UNKNOWN): unmarked, **_DO}.items():
        if number := sum(n for key, n in lines.items() if key == kind):
            lines_of = "1 line" if number == 1 else f"{number} lines"
            yield f"  {_share(number, total)} ({lines_of}) {sentence}"


def _day(sources: Iterable[SourceFile]) -> str:
    """How the policy says since when marks are made: the oldest AI line is as early as it gets."""
    lines = (run.provenance for source in sources for run in source.runs)
    marked = (line.time for line in lines if line.origin is Origin.AI and line.time)
    if first := min(marked, default=None):
        return f" = {first[:10]} in [tool.aiprov], if it was from the oldest AI line on"
    return " and the day in [tool.aiprov]"


_UNMARKED = (
    "are unmarked and unknown: let your agents mark their commits and say since when they do, with "
    'unmarked_human_since{}; or unmarked = "human", if they always have'
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
