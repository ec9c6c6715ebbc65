"""What the spans of the applications in `tests/frameworks/applications` must say."""

from __future__ import annotations

from aiprov_otel.telemetry.otlp import Row
from support.application import AI, HUMAN
from support.service import APPLICATIONS, Answer

_COMMITS = {"ai": AI.commit, "human": HUMAN.commit, "mixed": AI.commit}


def handler(span: Row) -> tuple[str, str] | None:
    """The function that *span* names, and who wrote it; None if it names none."""
    return _named(span, "handler")


def caller(span: Row) -> tuple[str, str] | None:
    """The same of a function that called something."""
    return _named(span, "caller")


def _named(span: Row, unit: str) -> tuple[str, str] | None:
    said = span.span_attributes
    if "aiprov.origin" not in said:
        ours = {key for key in said if key.startswith(("aiprov.", "code."))}
        assert ours <= {"aiprov.error.outcome"}  # of the request, whoever answered it
        return None
    assert said["aiprov.unit"] == unit
    assert said["aiprov.match"] == "exact"
    assert said["aiprov.commit.id"] == _COMMITS[said["aiprov.origin"]]
    return said["code.function.name"], said["aiprov.origin"]


def assert_work_is_named(answer: Answer) -> None:
    """The spans of `stock.work` name the functions of `stock` that began them."""
    assert caller(answer.span("select")) == ("stock.look_up", "human")
    assert answer.span("select").span_kind == "Client"
    assert caller(answer.span("reckon")) == ("stock.reckon", "ai")
    assert caller(answer.span("in a thread")) == ("stock.reckon", "ai")


def assert_failed_by_a_person(span: Row, function: str = "stock.fail") -> None:
    """The line of `stock.fail` failed *span*, and the event says so."""
    said = span.span_attributes
    assert (span.status_code, said["error.type"]) == ("Error", "KeyError")
    assert (said["aiprov.error.origin"], said["aiprov.error.commit.id"]) == ("human", HUMAN.commit)
    (event,) = span.event_attributes
    assert event["aiprov.exception.origin"] == "human"
    assert event["aiprov.exception.commit.id"] == HUMAN.commit
    assert event["code.function.name"] == function
    assert int(event["code.line.number"]) == _line('raise KeyError("apple")')


def _line(text: str) -> int:
    lines = (APPLICATIONS / "stock.py").read_text().split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)
