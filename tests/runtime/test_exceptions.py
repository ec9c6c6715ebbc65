"""Exceptions that spans record: the line that raised, on the event and on the failed span."""

from __future__ import annotations

import inspect
import traceback
import types

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import Span
from opentelemetry.trace import SpanKind, Status, StatusCode

import aiprov_otel
from support.application import HUMAN

SHOP = """\
def fail(item):
    if item:
        raise KeyError(item)  # human
    return item


def wrap(item):
    try:
        fail(item)
    except KeyError as error:
        raise LookupError(item) from error


def handle(item):
    try:
        fail(item)
    except KeyError:
        raise LookupError(item)


def call(library, *given):
    return library(*given)
"""


@pytest.fixture
def shop(application):
    """The shop above, installed."""
    shop = application.module("shop.failing", SHOP)
    application.install()
    return shop


def failing(application, function, *given, name="span", **known):
    """A span of somebody else that *function* fails."""
    with application.tracer.start_as_current_span(name, **known):
        function(*given)


def event(span):
    """The attributes of the only exception event of *span*."""
    (found,) = span.events
    assert found.name == "exception"
    return found.attributes


def test_the_raising_line_is_on_the_event(application, shop):
    """
    The event says who wrote the line that raised, which is not who wrote most of its function.
    """
    with pytest.raises(KeyError):
        failing(application, shop.fail, "apple")

    said = dict(event(application.span()))
    assert said.pop("exception.stacktrace").rstrip().endswith("KeyError: 'apple'")
    assert said == {
        "exception.type": "KeyError",
        "exception.message": "'apple'",
        "exception.escaped": "False",
        "aiprov.exception.origin": "human",
        "aiprov.exception.commit.id": HUMAN.commit,
        "aiprov.exception.commit.time": HUMAN.time,
        "aiprov.exception.evidence.kind": "unmarked",
        "aiprov.file.path": "src/shop/failing.py",
        "code.function.name": "shop.failing.fail",
        "code.file.path": shop.__file__,
        "code.line.number": 3,
    }


def test_the_failed_span_says_what_failed_it(application, shop):
    """
    `aiprov.error.*` and `error.type` are on the span, beside and not instead of its own origin.
    """
    with pytest.raises(KeyError):
        shop.call(failing, application, shop.fail, "apple")

    span = application.span()
    assert span.attributes["aiprov.error.origin"] == "human"
    assert span.attributes["aiprov.error.commit.id"] == HUMAN.commit
    assert span.attributes["error.type"] == "KeyError"
    assert span.attributes["aiprov.origin"] == "ai"
    assert span.status.status_code is StatusCode.ERROR


def test_the_innermost_application_frame_counts(application, shop):
    """
    An exception of a library is of the application line that called it.
    """

    def library():
        raise OSError

    with pytest.raises(OSError):
        failing(application, shop.call, library)

    said = event(application.span())
    assert said["aiprov.exception.origin"] == "ai"
    assert said["code.function.name"] == "shop.failing.call"
    assert said["code.line.number"] == 22


def test_an_exception_that_is_raised_again_from_nothing_names_its_new_line(application):
    """
    Its old traceback is gone, and Python may make the new one where the old one was.
    """
    shop = application.module(
        "shop.again",
        "def first(error):\n    raise error\n\n\ndef second(error):\n    raise error  # human\n",
    )
    application.install()
    error = KeyError(1)
    for function in [shop.first, shop.second] * 20:
        error.__traceback__ = None
        with pytest.raises(KeyError):
            failing(application, function, error, name=function.__name__)

    spans = application.memory.get_finished_spans()
    lines = {(span.name, event(span)["code.line.number"]) for span in spans}
    assert lines == {("first", 2), ("second", 6)}


def test_an_explicit_cause_has_attributes_of_its_own(application, shop):
    """
    Raised `from` another, the exception is of its own line and names its cause's.
    """
    with pytest.raises(LookupError):
        failing(application, shop.wrap, "apple")

    said = event(application.span())
    assert said["aiprov.exception.origin"] == "ai"
    assert said["code.line.number"] == 11
    assert said["aiprov.exception.cause.origin"] == "human"
    assert said["aiprov.exception.cause.commit.id"] == HUMAN.commit


def test_the_cause_is_at_the_end_of_its_chain(application, shop):
    """
    Of several causes the first one is named, where it all began.
    """

    def again():
        try:
            shop.wrap("apple")
        except LookupError as error:
            raise RuntimeError from error

    with pytest.raises(RuntimeError):
        failing(application, shop.call, again)

    assert event(application.span())["aiprov.exception.cause.origin"] == "human"


def test_a_cause_that_holds_nothing_is_one(application, shop):
    """
    An exception that is false, as an empty collection is, is a cause as any other.
    """

    class Problems(Exception):
        def __len__(self):
            return 0

    def fail():
        raise OSError from Problems()

    with pytest.raises(OSError):
        failing(application, shop.call, fail)

    assert event(application.span())["aiprov.exception.cause.origin"] == "unknown"


def test_an_implicit_context_is_no_cause(application, shop):
    """
    What was being handled when an exception was raised is not blamed for it.
    """
    with pytest.raises(LookupError):
        failing(application, shop.handle, "apple")

    said = event(application.span())
    assert said["aiprov.exception.origin"] == "ai"
    assert not any("cause" in key for key in said)


def test_causes_that_go_round_are_walked_once(application, shop):
    """
    A cycle of causes ends at the last that is another one; itself is no cause.
    """
    one, two = ValueError(), KeyError()
    for error in (one, two):
        try:
            shop.call(_raise, error)
        except (ValueError, KeyError):
            pass
    one.__cause__, two.__cause__ = two, one
    span = application.tracer.start_span("round")
    span.record_exception(one)
    two.__cause__ = two
    span.record_exception(two)

    # The SDK's formatter copes with both.
    first, second = span.events
    assert first.attributes["aiprov.exception.cause.origin"] == "ai"
    assert "aiprov.exception.cause.origin" not in second.attributes


def _raise(error):
    raise error


def test_an_exception_without_application_frames_is_unknown(application, shop):
    """
    Where no line of the application took part, nobody is blamed and no line is named.
    """
    with pytest.raises(ZeroDivisionError):
        failing(application, lambda: 1 / 0)

    span = application.span()
    assert event(span)["aiprov.exception.origin"] == "unknown"
    assert "code.line.number" not in event(span)
    assert span.attributes["aiprov.error.origin"] == "unknown"
    assert span.attributes["error.type"] == "ZeroDivisionError"


def test_an_exception_that_was_never_raised_is_unknown(application, shop):
    """
    Recorded by hand, without a traceback, it has no line.
    """
    span = application.tracer.start_span("by hand")
    span.record_exception(ValueError("never raised"))

    assert event(span)["aiprov.exception.origin"] == "unknown"


def test_a_group_of_a_library_is_of_the_line_that_raised_its_leaf(application, shop):
    """
    The members of a group say whose line failed; its causes they are not.
    """

    def group():
        try:
            shop.fail("apple")
        except KeyError as error:
            raise ExceptionGroup("several", [error]) from None

    with pytest.raises(ExceptionGroup):
        failing(application, shop.call, group)

    said = event(application.span())
    assert said["aiprov.exception.origin"] == "human"
    assert said["code.line.number"] == 3
    assert not any("cause" in key for key in said)


def test_a_handled_exception_fails_no_span(application, shop):
    """
    Recorded and handled, it is on the event; the span has not failed, and says that.
    """
    with application.tracer.start_as_current_span("span") as span:
        try:
            shop.fail("apple")
        except KeyError as error:
            span.record_exception(error)

    span = application.span()
    assert event(span)["aiprov.exception.origin"] == "human"
    failing = {key for key in span.attributes if key.startswith(("aiprov.error", "error."))}
    assert failing == {"aiprov.error.outcome"}
    assert span.attributes["aiprov.error.outcome"] == "handled"


@pytest.mark.parametrize(
    "status", [(Status(StatusCode.ERROR),), (StatusCode.ERROR, "it failed")], ids=["value", "code"]
)
@pytest.mark.parametrize("order", ["before", "after"])
def test_the_status_may_come_before_or_after(application, shop, status, order):
    """
    Recording and failing a span, in any order and form, says what failed it.
    """
    with application.tracer.start_as_current_span("span") as span:
        if order == "before":
            span.set_status(*status)
        try:
            shop.fail("apple")
        except KeyError as error:
            span.record_exception(exception=error, escaped=True)
        if order == "after":
            span.set_status(*status)

    assert application.span().attributes["aiprov.error.origin"] == "human"
    assert event(application.span())["exception.escaped"] == "True"


def test_a_failure_without_an_exception_has_no_error_origin(application, shop):
    """
    A returned 500 is an error of the span's own unit: nobody else is named.
    """
    with application.tracer.start_as_current_span("span", kind=SpanKind.SERVER) as span:
        span.set_status(StatusCode.ERROR)

    assert application.span().attributes == {"aiprov.error.outcome": "escaped"}


def test_the_first_failure_of_a_span_stays(application, shop):
    """
    A span that has failed is not given another reason; `error.type` of others stays.
    """
    with application.tracer.start_as_current_span("span") as span:
        span.set_attribute("error.type", "500")
        span.set_status(StatusCode.ERROR)
        for function in (shop.fail, shop.wrap):
            try:
                function("apple")
            except LookupError as error:
                span.record_exception(error)

    attributes = application.span().attributes
    assert attributes["aiprov.error.origin"] == "human"
    assert attributes["error.type"] == "500"


def test_what_the_caller_says_of_an_exception_stays(application, shop):
    """
    The attributes of `record_exception` win, and `code.*` stays whole.
    """
    span = application.tracer.start_span("span")
    try:
        shop.fail("apple")
    except KeyError as error:
        span.record_exception(error, {"code.line.number": 1, "exception.type": "Mine"}, 5)
        span.record_exception(error, {"aiprov.exception.origin": "mixed"})

    first, second = span.events
    assert first.attributes["exception.type"] == "Mine"
    assert first.attributes["code.line.number"] == 1
    assert "code.file.path" not in first.attributes
    assert first.attributes["aiprov.exception.origin"] == "human"
    assert first.timestamp == 5
    assert second.attributes["aiprov.exception.origin"] == "mixed"
    assert "aiprov.exception.commit.id" not in second.attributes


def test_a_declaration_wins_over_the_manifest(application):
    """
    What a function says of itself is what its exceptions say too.
    """
    text = (
        "from aiprov_otel import provenance\n\n"
        "@provenance(origin='mixed', agent='me', commit='abc', span=False)\n"
        "def fail():\n    raise OSError\n"
    )
    shop = application.module("shop.declared", text)
    application.install()
    with pytest.raises(OSError):
        failing(application, shop.fail)

    said = event(application.span())
    assert said["aiprov.exception.origin"] == "mixed"
    assert said["aiprov.exception.evidence.kind"] == "declared"
    assert application.span().attributes["aiprov.error.agent.name"] == "me"


def test_every_span_that_it_crosses_says_the_same(application, shop):
    """
    Spans of others each record it, and each is given the same line.
    """
    with pytest.raises(KeyError), application.tracer.start_as_current_span("outer"):
        failing(application, shop.fail, "apple", name="inner")

    outer, inner = application.spans["outer"], application.spans["inner"]
    for key in ("aiprov.error.origin", "aiprov.error.commit.id", "error.type"):
        assert outer.attributes[key] == inner.attributes[key]
    assert event(outer)["code.line.number"] == event(inner)["code.line.number"]


def test_minimal_says_the_origins(application):
    """
    `attributes="minimal"` sends the exception's and the error's origin and outcome, and no line.
    """
    shop = application.module("shop.failing", SHOP)
    application.install(attributes="minimal")
    with pytest.raises(KeyError):
        failing(application, shop.fail, "apple")

    ours = {key for key in event(application.span()) if not key.startswith("exception.")}
    assert ours == {"aiprov.exception.origin"}
    assert set(application.span().attributes) == {
        "aiprov.error.origin",
        "aiprov.error.outcome",
        "error.type",
    }


def test_a_class_in_a_module_has_a_qualified_type(application, shop):
    """
    `error.type` is bare for a builtin and qualified for every other class.
    """

    class OutOfStock(Exception):
        pass

    with pytest.raises(OutOfStock):
        failing(application, _raise, OutOfStock())

    name = f"{__name__}.{OutOfStock.__qualname__}"
    assert application.span().attributes["error.type"] == name


def test_the_exception_itself_is_untouched(application, shop):
    """
    It is the same object, with the same traceback and no attribute of ours.
    """
    with pytest.raises(KeyError) as raised:
        failing(application, shop.fail, "apple")

    assert vars(raised.value) == {}
    assert raised.value.__cause__ is raised.value.__context__ is None
    frames = [frame.name for frame in traceback.extract_tb(raised.tb)]
    assert frames[-2:] == ["failing", "fail"]


def test_after_uninstall_the_sdk_is_as_it_was(application, shop):
    """
    The SDK's own methods are back, and an event carries nothing of ours.
    """
    ours = Span.record_exception
    aiprov_otel.install().uninstall()

    assert Span.record_exception is ours.__wrapped__
    assert "record_exception" in vars(Span)
    with pytest.raises(KeyError):
        failing(application, shop.fail, "apple")
    assert not [key for key in event(application.span()) if key.startswith("aiprov")]
    assert not application.span().attributes


def test_the_signatures_of_the_sdk_are_those_that_we_meet():
    """
    A canary: a changed `record_exception` or `set_status` of the SDK fails here first.
    """
    recording = inspect.signature(inspect.unwrap(Span.record_exception))
    assert list(recording.parameters) == [
        "self",
        "exception",
        "attributes",
        "timestamp",
        "escaped",
    ]
    assert list(inspect.signature(trace.Span.set_status).parameters) == [
        "self",
        "status",
        "description",
    ]
    assert isinstance(Span.status, property)


def test_a_span_of_the_sdk_takes_an_attribute_of_ours(application):
    """
    A canary: what failed a span is kept on it, so spans must have a `__dict__`.
    """
    assert isinstance(vars(application.tracer.start_span("x")), dict)


def test_a_span_inside_a_library_names_the_line_that_called_it(application, shop):
    """
    While an exception is still on its way through a library, the answer is where it will arrive.
    """

    def library():
        with pytest.raises(ValueError), application.tracer.start_as_current_span("inside"):
            raise ValueError

    shop.call(library)
    said = event(application.span())

    assert said["aiprov.exception.origin"] == "ai"
    assert (said["code.function.name"], said["code.line.number"]) == ("shop.failing.call", 22)


def test_code_without_lines_has_that_of_its_definition(application, shop):
    """
    What a library raises below it is placed there.
    """
    code = shop.call.__code__
    bare = types.FunctionType(code.replace(co_linetable=b""), vars(shop))

    def library():
        raise OSError

    with pytest.raises(OSError):
        bare(failing, application, library)

    assert event(application.span())["code.line.number"] == code.co_firstlineno
