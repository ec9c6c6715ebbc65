"""The errors by the line that raised them, and the latest failing requests with their stacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.render.page.elements import commit, origin, section, table
from aiprov_otel.report.render.page.markup import Markup, join, tag
from aiprov_otel.report.render.sentences import failure_title
from aiprov_otel.report.render.stack import StackLine, stack_lines
from aiprov_otel.report.render.tables import RAISED
from aiprov_otel.report.render.text import location, milliseconds

if TYPE_CHECKING:
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.report.failures import Failure, Step
    from aiprov_otel.report.report import Report

_STEPS: Final = 40  # spans of a trace that are shown
_DEEPEST: Final = 12  # levels that are indented


def errors(report: Report) -> Markup | None:
    """The most frequent errors, by the line that raised them; None without errors."""
    if not report.exceptions:
        return None
    rows = table("The most frequent", RAISED, report.exceptions, report.repository)
    return section("errors", "Errors, by the line that raised them", rows)


def failures(report: Report, manifest: Manifest | None) -> Markup | None:
    """The latest failing request of each line that raised lately; None without any."""
    if not report.failure:
        return None
    latest = (report.failure, *report.earlier_failures)
    shown = [
        _failure(failure, place, report.repository, manifest)
        for place, failure in enumerate(latest)
    ]
    return section("failures", _title(latest), shown)


def _title(latest: Sequence[Failure]) -> str:
    return "The latest failing requests" if latest[0].is_request else failure_title(latest[0])


def _failure(
    failure: Failure, place: int, repository: str | None, manifest: Manifest | None
) -> Markup:
    summary = tag(
        "summary",
        tag("strong", failure.type),
        " at ",
        tag("code", location(failure.path, failure.line)),
        " ",
        origin(failure.origin, failure.agent, failure.model),
        " ",
        tag("span", f"{failure.time[:19].replace('T', ' ')} UTC", class_="quiet"),
    )
    stack = [_stack_line(line, repository) for line in stack_lines(failure.stacktrace, manifest)]
    hidden = len(failure.steps) - _STEPS
    return tag(
        "details",
        summary,
        tag(
            "p", "Commit of the line: ", commit(repository, failure.commit) or "unknown",
            ". Trace ", tag("code", failure.trace_id), class_="quiet",
        ),
        tag("ol", [_step(step, repository) for step in failure.steps[:_STEPS]], class_="trace"),
        tag("p", f"… {hidden} more spans", class_="quiet") if hidden > 0 else None,
        tag(
            "pre", stack, class_="stack", tabindex="0", role="region",
            aria_label=f"stack trace of {failure.type}",
        ),
        id=f"failure-{failure.trace_id}-{place}",
        open=not place,
    )  # fmt: skip


def _step(step: Step, repository: str | None) -> Markup:
    author = None
    if step.origin:
        by = origin(step.origin, step.agent, step.model)
        author = join(" ", by, " ", commit(repository, step.commit))
    function = step.function if step.function != step.name else None
    return tag(
        "li",
        tag("span", step.name, class_="failed" if step.failed else None),
        tag("span", f" {milliseconds(step.ms)} ms", class_="quiet"),
        tag("strong", " failed") if step.failed else None,
        tag("code", f" {function}") if function else None,
        author,
        class_=f"depth-{min(step.depth, _DEEPEST)}",
    )


def _stack_line(line: StackLine, repository: str | None) -> Markup:
    if line.foreign:
        return join(tag("span", line.text, class_="quiet"), "\n")
    if (by := line.provenance) is None:
        return join(line.text, "\n")
    author = origin(by.origin, by.agent, by.model)
    return join(tag("b", line.text), "   ◀ ", author, " ", commit(repository, by.commit), "\n")
