"""The report and its latest failing request in a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TextIO

from aiprov_otel.format import quantity, short_hash
from aiprov_otel.report.render.sentences import counted, failure_title, known_origin
from aiprov_otel.report.render.stack import StackLine, stack_lines
from aiprov_otel.report.render.tables import (
    FUNCTIONS,
    MODELS,
    ORIGINS,
    RAISED,
    SLOWEST,
)
from aiprov_otel.report.render.terminal_comparison import show_comparison, show_details
from aiprov_otel.report.render.terminal_table import STYLES, UNLIMITED, show_table
from aiprov_otel.report.render.text import location, milliseconds, replace_unprintable
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment
    from rich.text import Text

if TYPE_CHECKING:
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.report.failures import Failure, Step
    from aiprov_otel.report.report import Report

_MOST: Final = 10  # functions
_STEPS: Final = 40  # spans of a trace that are shown


def open_console(stream: TextIO) -> Console:
    """Returns a console on *stream*: with its width and colors if it is a terminal."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # not every terminal has every character
    width = None if stream.isatty() else UNLIMITED
    return _Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leaves it to the command's own error handler; rich would exit with 1."""
        raise BrokenPipeError

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Renders as rich does, without the control characters that telemetry may contain."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(replace_unprintable(segment.text), segment.style)


def show_report(report: Report, manifest: Manifest | None, out: Console) -> None:
    """Prints *report* on *out*; *manifest* annotates the stack trace of its failing request."""
    out.print(Text(report.verdict.text, "bold"))
    out.print(counted(report.counts))
    show_comparison(report, out)
    out.print(
        Text(
            f"{quantity(report.coverage.spans, 'span')}. {known_origin(report.coverage)} "
            "Self time is a call's own, without the spans below it.",
            "bright_black",
        )
    )
    show_table(out, "By origin", report.arms, ORIGINS)
    show_table(out, "By model", report.models, MODELS)
    show_details(report, out)
    show_table(out, "Errors, by the line that raised them", report.exceptions, RAISED)
    show_table(out, "Functions with most errors", report.functions[:_MOST], FUNCTIONS)
    show_table(out, "Functions with most self time", report.slowest[:_MOST], SLOWEST)
    if report.failure:
        _show_failure(report.failure, manifest, out)


def _show_failure(failure: Failure, manifest: Manifest | None, out: Console) -> None:
    out.print()
    out.print(
        Text.assemble(
            (f"{failure_title(failure)}: ", "bold"),
            f"{failure.type} raised at {location(failure.path, failure.line)}, ",
            _author(failure.origin, failure.agent, failure.model, failure.commit),
        )
    )
    out.print(Text(f"trace {failure.trace_id}", "bright_black"))
    for step in failure.steps[:_STEPS]:
        out.print(_step(step))
    if len(failure.steps) > _STEPS:
        out.print(Text(f"  … {len(failure.steps) - _STEPS} more spans", "bright_black"))
    out.print()
    for line in stack_lines(failure.stacktrace, manifest):
        out.print(_stack_line(line), overflow="fold")


def _step(step: Step) -> Text:
    text = Text("  " * (step.depth + 1))
    text.append(step.name, "red" if step.failed else "")
    text.append(f"  {milliseconds(step.ms)} ms", "bright_black")
    if step.failed:
        text.append("  failed", "red")
    if step.function and step.function != step.name:
        text.append(f"  {step.function}")
    if step.origin:
        text.append("   ◀ ").append_text(_author(step.origin, step.agent, step.model, step.commit))
    return text


def _stack_line(line: StackLine) -> Text:
    if line.foreign:
        return Text(line.text, "bright_black")
    if (by := line.provenance) is None:
        return Text(line.text)
    return Text.assemble(
        (line.text, "bold"), "   ◀ ", _author(by.origin, by.agent, by.model, by.commit)
    )


def _author(origin: str, agent: str | None, model: str | None, commit: str | None) -> Text:
    names = [name for name in (agent, model, commit and short_hash(commit)) if name]
    return Text(" ".join([origin, *names]), STYLES.get(origin, ""))
