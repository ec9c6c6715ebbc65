"""How much of the telemetry the report covers, and what it can't show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aiprov_otel.format import percent, quantity
from aiprov_otel.report.render.page.elements import section
from aiprov_otel.report.render.page.markup import Markup, tag

if TYPE_CHECKING:
    from aiprov_otel.report.report import Coverage, Report

_LIMITS: Final = (
    "The report shows what is associated with the origin of code, not what causes it.",
    (
        "Functions are compared within the same entry route. That removes the route, not the "
        "difficulty: if people, or models, get the hard parts, the ratio includes that."
    ),
    (
        "The history is taken at its word. A wrong mark moves calls from one side to the other, "
        "mostly towards a ratio of 1."
    ),
    "A span stands for a call. If failures were kept preferentially, the rates are wrong.",
    "Calls of one function fail together, so the limits of a ratio are over functions.",
)

_MATCHES: Final = {
    "exact": "ran exactly the code of the manifest",
    "unverified": "were matched by path only",
    "stale": "ran code that changed after the manifest was built",
    "missing": "ran code that no manifest contains",
    "declared": "have an origin declared in the code",
}


def coverage(report: Report) -> Markup:
    """Coverage and limits, in words."""
    return section(
        "limits",
        "What this rests on, and what it can't show",
        tag("ul", [tag("li", sentence) for sentence in _sentences(report.coverage)]),
        tag("ul", [tag("li", sentence) for sentence in _LIMITS]),
    )


def _sentences(coverage: Coverage) -> Iterator[str]:
    spans, calls = quantity(coverage.spans, "span"), quantity(coverage.units, "call")
    yield f"{spans} received, standing for {calls} of application code."
    if coverage.stands_for > 1:
        yield (
            f"Not all spans were kept: each stands for {coverage.stands_for:.3g} calls on average."
        )
    for share, predicate in (
        (coverage.known_share, "of the calls have a known origin."),
        (coverage.weak_share, "of those rest on weak evidence: a policy or a date, not a mark."),
        *(
            (share, f"of the calls {_MATCHES.get(match, match)}.")
            for match, share in coverage.matches.items()
        ),
        (coverage.informative_share, "of the compared calls ran where both sides did."),
        (coverage.placed_share, "of the errors are in functions with spans; others have no rate."),
    ):
        if share is not None:
            yield f"{percent(share)} {predicate}"
