"""OTLP bytes made straight from spans, against those of the SDK's encoder."""

from __future__ import annotations

import copy
import logging
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http import trace_exporter as over_http
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceState
from opentelemetry.trace.propagation import set_span_in_context

from aiprov_otel.attributes import AI_RATIO
from aiprov_otel.runtime import exporters, span_encoder


class Kept(SpanProcessor):
    """Keeps the spans that have ended, as an exporter gets them."""

    def __init__(self):
        self.spans = []

    def on_end(self, span):
        self.spans.append(span)


class Odd(str):
    """A text that is not exactly one."""

    __slots__ = ()


texts = st.text(max_size=12)
keys = st.text(min_size=1, max_size=8) | st.just(AI_RATIO)  # whose values are remembered
scalars = st.one_of(
    texts,
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(),
    st.binary(max_size=8),
)
alike = (texts, st.booleans(), st.integers(-9, 1 << 60), st.floats())
values = st.one_of(
    *(scalars, st.text("ab", min_size=600, max_size=700)),
    *(st.lists(each, max_size=3) for each in alike),
)
any_texts = st.text(st.characters(exclude_categories=()), max_size=4)  # lone surrogates, too
strange = st.one_of(
    values,
    any_texts,
    st.none(),
    st.integers(1 << 63, 1 << 70),
    st.builds(Odd, any_texts),
    st.dictionaries(texts, scalars, max_size=2),
    st.lists(scalars, max_size=3),
    st.lists(st.none() | st.lists(scalars, max_size=2), max_size=3),
    st.just(object()),
)
contexts = st.builds(
    SpanContext,
    st.integers(1, (1 << 128) - 1),
    st.integers(1, (1 << 64) - 1),
    st.booleans(),
    trace_state=st.just(TraceState()) | st.just(TraceState([("a", "1"), ("b", "x y")])),
)
limits = st.builds(
    SpanLimits,
    max_span_attributes=st.none() | st.integers(0, 3),
    max_events=st.none() | st.integers(0, 2),
    max_links=st.none() | st.integers(0, 2),
    max_event_attributes=st.none() | st.integers(0, 2),
    max_link_attributes=st.none() | st.integers(0, 2),
    max_span_attribute_length=st.none() | st.integers(0, 5),
)
times = st.integers(1, (1 << 64) - 1)
schemas = st.sampled_from((None, "", "https://example.com/1"))


class Numbers(IdGenerator):
    """The same numbers in every run."""

    def generate_span_id(self):
        return 1

    def generate_trace_id(self):
        return 2


def batches(value, name=texts):
    """Spans as the SDK makes them, of several resources and scopes, some of them equal."""

    @st.composite
    def spans(draw):
        attributes = st.dictionaries(keys, value, max_size=5)
        kept = Kept()
        tracers = []
        for _ in range(draw(st.integers(1, 3))):
            resource = Resource(draw(st.dictionaries(keys, scalars, max_size=2)), draw(schemas))
            provider = TracerProvider(
                resource=resource,
                shutdown_on_exit=False,
                span_limits=draw(limits),
                id_generator=Numbers(),
            )
            provider.add_span_processor(kept)
            for _ in range(draw(st.integers(1, 2))):
                scope = draw(st.sampled_from("ab")), draw(st.sampled_from((None, "", "1")))
                schema = draw(schemas)
                tracers.append(provider.get_tracer(*scope, schema_url=schema))
        for _ in range(draw(st.integers(0, 5))):
            parent = draw(st.none() | contexts)
            span = draw(st.sampled_from(tracers)).start_span(
                draw(name),
                parent and set_span_in_context(trace.NonRecordingSpan(parent)),
                draw(st.sampled_from(SpanKind)),
                draw(attributes),
                draw(st.lists(st.builds(Link, contexts, attributes), max_size=3)),
                draw(times),
            )
            for event in draw(st.lists(st.tuples(name, attributes, times), max_size=3)):
                span.add_event(*event)
            if (code := draw(st.sampled_from(StatusCode))) is not StatusCode.UNSET:
                span.set_status(code, draw(st.none() | name) if code is StatusCode.ERROR else None)
            span.end(draw(times))
        return kept.spans

    return spans()


def bytes_of(message) -> bytes:
    return message.SerializeToString()


@pytest.fixture(scope="module", autouse=True)
def quiet():
    """The SDK logs each attribute that it drops."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def outcome(encode, spans):
    """What *encode* returns, or the kind of its error."""
    try:
        return bytes_of(encode(spans))
    except Exception as error:  # noqa: BLE001 (whatever it is, it has to be the same)
        return type(error)


@given(batches(values))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_the_bytes_are_those_of_the_sdk(spans):
    """
    All kinds of attributes, events, links, trace states, limits, resources and scopes: our bytes
    are those of the SDK, or we raise where the SDK drops something too.
    """
    try:
        ours = span_encoder.encode(spans)
    except UnicodeEncodeError:
        assert any(True for _ in surrogates(spans))
    else:
        assert ours == bytes_of(encode_spans(spans))


def surrogates(spans):
    """The texts of *spans* that are not UTF-8."""
    for text in [repr(span.to_json()) + span.name for span in spans]:
        if "\\ud" in text or any(0xD800 <= ord(each) < 0xE000 for each in text):
            yield text


@pytest.mark.parametrize("ours", [span_encoder.encode_spans, span_encoder.encode_request])
@given(spans=batches(strange))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_whatever_is_in_a_span_is_exported_as_by_the_sdk(ours, spans):
    """
    Also what is no attribute at all: where our encoder raises, the SDK encodes, drops or refuses.
    """
    encode = exporters._Encode(over_http, ours, ours, encode_spans)
    for _ in range(5):
        assert outcome(encode, exporters.Batch(spans)) == outcome(encode_spans, spans)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), (1, 1.0), (0.0, -0.0), ("1", 1), ("a", Odd("a")), (b"a", "a")],
)
def test_values_that_python_calls_equal_stay_apart(one, other):
    """
    What is remembered of one value is not returned for another that is equal to it.
    """
    for value in (one, other, one):
        kept = Kept()
        provider = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
        provider.add_span_processor(kept)
        provider.get_tracer("x").start_span("x", attributes={AI_RATIO: value}).end()

        assert span_encoder.encode(kept.spans) == bytes_of(encode_spans(kept.spans))


def test_a_request_has_what_a_message_has():
    """
    The bytes come as they were made, and all other attributes from a message.
    """
    spans = exporters._sample()
    request = span_encoder.encode_request(spans)

    assert request.SerializeToString() is request.SerializePartialToString()
    assert request.resource_spans == encode_spans(spans).resource_spans
    assert request.ByteSize() == len(request.SerializeToString())
    assert copy.copy(request).SerializeToString() == request.SerializeToString()
    with pytest.raises(AttributeError, match="nothing"):
        request.nothing  # noqa: B018 (that is the question)


class Own(ReadableSpan):
    """A span that answers in its own way."""

    @property
    def name(self):
        return "own"


def test_a_span_of_another_class_is_left_to_the_sdk():
    """
    A subclass may answer in its own way, so our encoder does not read it.
    """
    context = SpanContext(1, 2, is_remote=False)
    span = Own("x", context, resource=Resource({}), start_time=1, end_time=2)

    with pytest.raises(TypeError, match="Own"):
        span_encoder.encode([span])


@pytest.mark.parametrize("name", [None, 0, b"x"])
def test_a_name_that_is_not_a_text_is_left_to_the_sdk(name):
    """
    The SDK takes some and refuses others; our encoder raises for each.
    """
    context = SpanContext(1, 2, is_remote=False)
    span = ReadableSpan(name, context, resource=Resource({}), start_time=1, end_time=2)

    with pytest.raises(TypeError):
        span_encoder.encode([span])


def test_what_is_remembered_is_bounded():
    """
    However many attributes differ, their table holds no more than its budget.
    """
    table = span_encoder.Remembered(str.encode)
    entries = 2 * span_encoder.BUDGET // span_encoder._OVERHEAD
    most = 0
    for number in range(entries):
        assert table[f"text {number}"] == b"text %d" % number
        most = max(most, len(table))

    assert most < span_encoder.BUDGET / span_encoder._OVERHEAD
    assert len(table["x" * 10_000]) == 10_000
    assert "x" * 10_000 not in table


def test_threads_encode_at_the_same_time():
    """
    Two exporters may share the tables, also while one of them is cleared.
    """
    kept = Kept()
    provider = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
    provider.add_span_processor(kept)
    for number in range(100):
        attributes = {f"key{each}": f"{number} {each}" for each in range(5)}
        provider.get_tracer("x").start_span("x", attributes=attributes).end()
    expected = bytes_of(encode_spans(kept.spans))
    answers = []

    def encode():
        for _ in range(20):
            answers.append(span_encoder.encode(kept.spans))
            span_encoder._texts.clear()

    threads = [threading.Thread(target=encode) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert set(answers) == {expected}
