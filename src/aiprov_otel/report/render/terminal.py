"""The report and an annotated failure in a terminal, a narrow one, or a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TextIO

from aiprov_otel.format import percent, quantity, short_hash
from aiprov_otel.report.render.tables import (
    PIPE,
    STYLES,
    Column,
    milliseconds,
    origin_text,
    show_table,
)
from aiprov_otel.report.render.terminal_comparison import show_comparison, show_details
from aiprov_otel.stacktrace.frames import Line, annotate, fold_foreign
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    from rich.console import Console
    from rich.text import Text

if TYPE_CHECKING:
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.report.failures import Failure, Step
    from aiprov_otel.report.report import Coverage, Function, Raised, Report
    from aiprov_otel.report.verdict import Arm

_MOST: Final = 10  # functions
_STEPS: Final = 40  # spans of a trace that are shown


def console(stream: TextIO) -> Console:
    """A console on *stream*: its width and colors on a terminal, plain and wide elsewhere."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # not every terminal has every character
    width = None if stream.isatty() else PIPE
    return _Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the one error boundary; by itself, rich would exit with 1."""
        raise BrokenPipeError


def show(report: Report, manifest: Manifest | None, out: Console) -> None:
    """Print *report* on *out*, its failing request's stack trace annotated from *manifest*."""
    out.print(Text(report.verdict.text, "bold"))
    show_comparison(report, out)
    out.print(Text(_covered(report.coverage), "bright_black"))
    show_table(
        out, "By origin", [_arm([origin_text(arm.origin)], arm) for arm in report.arms], _ORIGIN
    )
    models = [_arm(_author(one.origin, one.agent, one.model), one) for one in report.models]
    show_table(out, "By model", models, _MODEL)
    show_details(report, out)
    show_table(
        out, "Errors, by the line that raised them", map(_raised, report.exceptions), _RAISED
    )
    show_table(
        out, "Functions with most errors", map(_function, report.functions[:_MOST]), _FUNCTION
    )
    show_table(
        out, "Functions with most self time", map(_function, report.slowest[:_MOST]), _SLOWEST
    )
    if report.failure:
        show_failure(report.failure, manifest, out)


def show_failure(failure: Failure, manifest: Manifest | None, out: Console) -> None:
    """Print the spans of *failure*, and its stack trace with who wrote each line."""
    where = f"{failure.path}:{failure.line}" if failure.line else failure.path
    out.print()
    out.print(
        Text.assemble(
            ("The latest failing request: ", "bold"),
            f"{failure.type} raised at {where}, ",
            _who(failure.origin, failure.agent, failure.model, failure.commit),
        )
    )
    out.print(Text(f"trace {failure.trace_id}", "bright_black"))
    for step in failure.steps[:_STEPS]:
        out.print(_step(step))
    if len(failure.steps) > _STEPS:
        out.print(Text(f"  … {len(failure.steps) - _STEPS} more spans", "bright_black"))
    out.print()
    show_traceback(failure.stacktrace, manifest, out)


def show_traceback(text: str, manifest: Manifest | None, out: Console) -> None:
    """Print the stack trace *text* with who wrote each line of application code."""
    lines: Iterable[Line] = annotate(text, manifest)
    if any(line.frame and line.frame.provenance for line in lines):
        lines = fold_foreign(lines)
    shown = None
    for line in lines:
        out.print(_traced(line, first=line.frame is not shown), overflow="fold")
        shown = line.frame


def _traced(line: Line, *, first: bool) -> Text:
    if line.frame is None:
        return Text(line.text)
    found = line.frame.provenance
    if found is None:
        return Text(line.text, "bright_black")
    if not first:
        return Text(line.text)
    who = _who(found.origin, found.agent, found.model, found.commit)
    return Text.assemble((line.text, "bold"), "   ◀ ", who)


def _step(step: Step) -> Text:
    label = Text("  " * (step.depth + 1))
    label.append(step.name, "red" if step.failed else "")
    label.append(f"  {milliseconds(step.ms)} ms", "bright_black")
    if step.failed:
        label.append("  failed", "red")
    if step.function and step.function != step.name:
        label.append(f"  {step.function}")
    if step.origin:
        label.append("   ◀ ").append_text(_who(step.origin, step.agent, step.model, step.commit))
    return label


def _who(origin: str, agent: str | None, model: str | None, commit: str | None) -> Text:
    known = [name for name in (agent, model, commit and short_hash(commit)) if name]
    return Text(" ".join([origin, *known]), STYLES.get(origin, ""))


_COUNTS: Final = (
    Column("functions", 1),
    Column("calls", 8),
    Column("errors", 9),
    Column("error ratio", 7),
    Column("95% limits", 4),
    Column("self p50 ms", 5),
    Column("self p95 ms", 6),
)
_ORIGIN: Final = (Column("origin", 10, number=False), *_COUNTS)
_AUTHOR: Final = (
    Column("origin", 3, number=False),
    Column("agent", 2, number=False),
    Column("model", 10, number=False),
)
_MODEL: Final = (*_AUTHOR, *_COUNTS)
_RAISED: Final = (
    Column("errors", 9),
    Column("type", 8, number=False),
    Column("raised at", 10, number=False),
    Column("origin", 7, number=False),
    Column("agent", 2, number=False),
    Column("model", 6, number=False),
    Column("commit", 4, number=False),
)
_FUNCTION: Final = (
    Column("function", 10, number=False),
    Column("origin", 9, number=False),
    Column("model", 5, number=False),
    Column("commit", 2, number=False),
    Column("calls", 7),
    Column("errors", 8),
    Column("error ratio", 6),
    Column("self s", 1),
    Column("self p50 ms", 3),
    Column("self p95 ms", 4),
)
_SLOWEST: Final = tuple(
    replace(column, worth=10) if column.title == "self s" else column for column in _FUNCTION
)


def _arm(names: Sequence[Text | str], arm: Arm) -> list[Text | str]:
    limits = "" if arm.low is None else f"{percent(arm.low)} - {percent(arm.high)}"
    return [
        *names,
        f"{arm.functions:,}",
        f"{arm.calls:,}",
        f"{arm.errors:,}",
        percent(arm.error_ratio),
        limits,
        milliseconds(arm.self_p50_ms),
        milliseconds(arm.self_p95_ms),
    ]


def _author(origin: str, agent: str | None, model: str | None) -> list[Text | str]:
    return [origin_text(origin), agent or "unknown", model or "unknown"]


def _raised(one: Raised) -> list[Text | str]:
    where = f"{one.path or '?'}:{one.line}" if one.line else one.path or ""
    commit = short_hash(one.commit or "")
    who = [one.agent or "", one.model or "", commit]
    return [f"{one.count:,}", one.type, where, origin_text(one.origin), *who]


def _function(one: Function) -> list[Text | str]:
    return [
        one.function,
        origin_text(one.origin),
        one.model or "",
        short_hash(one.commit or ""),
        f"{one.calls:,}",
        f"{one.errors:,}",
        percent(one.error_ratio),
        "" if one.self_s is None else f"{one.self_s:.3g}",
        milliseconds(one.self_p50_ms),
        milliseconds(one.self_p95_ms),
    ]


def _covered(coverage: Coverage) -> str:
    spans, calls = quantity(coverage.spans, "span"), quantity(coverage.units, "call")
    weak = f", {percent(coverage.weak_share)} of those by weak evidence"
    return (
        f"{spans}, {calls} of application code; {percent(coverage.known_share)} of the calls have "
        f"a known origin{weak if coverage.weak_share else ''}. "
        "Self time is a call's own, without the spans below it."
    )
