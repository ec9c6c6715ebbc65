"""What failed: the lines that raised, and the latest failing requests with their stacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.render.page.markup import Markup, joined, tag
from aiprov_otel.report.render.page.parts import Cell, Column, commit, origin, section, table
from aiprov_otel.report.render.tables import milliseconds
from aiprov_otel.stacktrace.frames import Line, annotate, fold_foreign

if TYPE_CHECKING:
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.report.failures import Failure, Step
    from aiprov_otel.report.report import Raised, Report

_STEPS: Final = 40  # spans of a trace that are shown
_DEEPEST: Final = 12  # levels that are indented

_RAISED: Final = (
    Column("type", number=False),
    Column("raised at", number=False),
    Column("errors"),
    Column("origin", number=False),
    Column("commit", number=False, narrow=False),
)


def raised(report: Report) -> Markup | None:
    """The most frequent errors, by the line that raised them; None without errors."""
    if not report.exceptions:
        return None
    rows = [_raised(one, report.repository) for one in report.exceptions]
    title = "Errors, by the line that raised them"
    return section("errors", title, table("The most frequent", _RAISED, rows))


def _raised(one: Raised, repository: str | None) -> list[Cell]:
    where = f"{one.path or '?'}:{one.line}" if one.line else one.path or ""
    return [
        Cell(one.type),
        Cell(tag("code", where)),
        Cell(f"{one.count:,}"),
        Cell(origin(one.origin, one.agent, one.model)),
        Cell(commit(repository, one.commit)),
    ]


def failures(report: Report, manifest: Manifest | None) -> Markup | None:
    """The latest failing request of each line that raised lately; None where there is none."""
    if not report.failure:
        return None
    every = (report.failure, *report.earlier_failures)
    shown = [_failure(one, n, report.repository, manifest) for n, one in enumerate(every)]
    return section("failures", "The latest failing requests", shown)


def _failure(
    one: Failure, number: int, repository: str | None, manifest: Manifest | None
) -> Markup:
    where = f"{one.path}:{one.line}" if one.line else one.path
    title = joined(
        tag("strong", one.type),
        " at ",
        tag("code", where),
        " ",
        origin(one.origin, one.agent, one.model),
        " ",
        tag("span", f"{one.time[:19].replace('T', ' ')} UTC", class_="quiet"),
    )
    hidden = len(one.steps) - _STEPS
    return tag(
        "details",
        tag("summary", title),
        tag(
            "p", "The line is of commit ", commit(repository, one.commit) or "unknown", ". Trace ",
            tag("code", one.trace_id), class_="quiet",
        ),
        tag("ol", [_step(step, repository) for step in one.steps[:_STEPS]], class_="trace"),
        tag("p", f"… {hidden} more spans", class_="quiet") if hidden > 0 else None,
        tag(
            "pre", list(_stack(one.stacktrace, repository, manifest)), class_="stack", tabindex="0",
            role="region", aria_label=f"stack trace of {one.type}",
        ),
        id=f"failure-{one.trace_id}-{number}",
        open=not number,
    )  # fmt: skip


def _step(step: Step, repository: str | None) -> Markup:
    who = None
    if step.origin:
        known = commit(repository, step.commit)
        who = joined(" ", origin(step.origin, step.agent, step.model), " ", known)
    function = step.function if step.function != step.name else None
    return tag(
        "li",
        tag("span", step.name, class_="failed" if step.failed else None),
        tag("span", f" {milliseconds(step.ms)} ms", class_="quiet"),
        tag("strong", " failed") if step.failed else None,
        tag("code", f" {function}") if function else None,
        who,
        class_=f"depth-{min(step.depth, _DEEPEST)}",
    )


def _stack(text: str, repository: str | None, manifest: Manifest | None) -> Iterator[Markup]:
    lines: tuple[Line, ...] = annotate(text, manifest)
    if any(line.frame and line.frame.provenance for line in lines):
        lines = tuple(fold_foreign(lines))
    shown = None
    for line in lines:
        yield joined(_line(line, repository, first=line.frame is not shown), "\n")
        shown = line.frame


def _line(line: Line, repository: str | None, *, first: bool) -> Markup:
    if line.frame is None:
        return joined(line.text)
    found = line.frame.provenance
    if found is None:
        return tag("span", line.text, class_="quiet")
    if not first:
        return joined(line.text)
    who = origin(found.origin, found.agent, found.model)
    return joined(tag("b", line.text), "   ◀ ", who, " ", commit(repository, found.commit))
