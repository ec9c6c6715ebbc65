"""How much of the telemetry the report speaks of, and what it does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aiprov_otel.format import percent, quantity
from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.page.parts import section

if TYPE_CHECKING:
    from aiprov_otel.report.report import Coverage, Report

_ALWAYS: Final = (
    "The report shows what is associated with the origin of code, never what causes it.",
    (
        "Functions are compared inside the same entry route. That takes out the route, not the "
        "difficulty: if the hard parts are left to people, or to models, the ratio has that in it."
    ),
    (
        "What history says is taken as right. A wrong mark moves calls from one side to the "
        "other, mostly towards a ratio of 1."
    ),
    "A span stands for a call. Where failures were kept preferentially, rates are wrong.",
    "Calls of one function fail together, so the limits of a ratio are over functions.",
)

_MATCHES: Final = {
    "exact": "ran the code that the manifest knows",
    "unverified": "were matched by path only",
    "stale": "ran code that was changed after the manifest was made",
    "missing": "ran code that is in no manifest",
    "declared": "have an origin that was stated by hand",
}


def limits(report: Report) -> Markup:
    """Coverage and limits, in words."""
    told = [tag("li", one) for one in _covered(report.coverage)]
    always = [tag("li", one) for one in _ALWAYS]
    return section(
        "limits",
        "What this rests on, and what it does not tell",
        tag("ul", told),
        tag("ul", always),
    )


def _covered(coverage: Coverage) -> Iterator[str]:
    spans, calls = quantity(coverage.spans, "span"), quantity(coverage.units, "call")
    yield f"{spans} were received; {calls} of application code are among them."
    if coverage.stands_for > 1:
        yield f"Not all were kept: one stands for {coverage.stands_for:.3g} calls, on average."
    yield from _share(coverage.known_share, "of the calls have a known origin.")
    yield from _share(
        coverage.weak_share, "of those have it by weak evidence: a policy or a date, and no mark."
    )
    for match, share in coverage.matches.items():
        yield from _share(share, f"of the calls {_MATCHES.get(match, match)}.")
    yield from _share(
        coverage.informative_share, "of the calls that are compared ran where both sides did."
    )
    yield from _share(
        coverage.placed_share,
        "of the errors are of functions that have spans; others have no rate.",
    )


def _share(share: float | None, words: str) -> Iterator[str]:
    if share is not None:
        yield f"{percent(share)} {words}"
