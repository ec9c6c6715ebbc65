"""
The OTLP exporters of spans, with `span_encoder` in the place of the SDK's encoder.

Only for the exporters' own classes, in versions that were tested, and once a self-test has found
the same bytes. The first batches and one in a thousand are encoded both ways; a difference ends
it. `AIPROV_FAST_ENCODING=false` leaves all of it to the SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from types import ModuleType
from typing import Any, Final, TypeAlias

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceState

from aiprov_otel import settings
from aiprov_otel.runtime import fast_path, state
from aiprov_otel.runtime.guard import call_guard, guard, warn
from aiprov_otel.runtime.interrupts import is_foreign
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.post_import import register_post_import_hook

_PACKAGE: Final = "opentelemetry.exporter.otlp.proto"
_FIRST: Final = 3
_EVERY: Final = 1_000
"""Batches that are encoded both ways: so many at first, and then one in so many."""


Encoder: TypeAlias = Callable[[Sequence[ReadableSpan]], Any]


class Encoding:
    """
    Who encodes the spans of this process.

    Attributes:
        used: the kinds of exporters that encode by `span_encoder`.
        refused: why the SDK encodes instead; None where it does not.
    """

    used: Final = set[str]()
    refused: str | None = None


def instrument(patches: Patches) -> None:
    """Let the exporters encode their spans by `span_encoder`, as soon as they are imported."""
    Encoding.used.clear()
    Encoding.refused = None
    if not (options := settings.read()).fast_encoding:
        name = "AIPROV_FAST_ENCODING" if options.fast else "AIPROV_FAST"
        Encoding.refused = f"{name} is false"
        return
    for kind in ("http", "grpc"):
        name = f"{_PACKAGE}.{kind}.trace_exporter"
        register_post_import_hook(partial(_instrument, patches, kind), name)


def _instrument(patches: Patches, kind: str, module: ModuleType) -> None:
    if not state.is_installed():  # it was imported after `uninstall()`
        return
    with call_guard:
        from opentelemetry.exporter.otlp.proto.common import trace_encoder, version

        from aiprov_otel.runtime import span_encoder  # it imports the same modules

        theirs, ours = trace_encoder.encode_spans, span_encoder.encode_spans
        # gRPC encodes the request itself, so it needs a message.
        to_bytes: Encoder = ours if kind == "grpc" else span_encoder.encode_request
        if not fast_path.is_tested(version.__version__):
            Encoding.refused = f"OpenTelemetry {version.__version__} was not tested"
        elif module.encode_spans is theirs and _agree(theirs, to_bytes):
            exporter = module.OTLPSpanExporter
            patches.replace(exporter, "export", partial(_wrap_export, exporter))
            patches.replace(module, "encode_spans", partial(_Encode, module, ours, to_bytes))
            Encoding.used.add(kind)


class Batch(tuple[ReadableSpan, ...]):
    """Spans that an exporter of the SDK's own class exports."""

    __slots__ = ()


def _wrap_export(exporter: type, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def export(self: Any, spans: Sequence[ReadableSpan], *args: Any, **kwargs: Any) -> Any:
        with guard:
            if type(self) is exporter and state.is_installed():
                spans = Batch(spans)
        return original(self, spans, *args, **kwargs)

    return export


class _Encode:
    """
    What an exporter of *module* calls to encode spans: *to_bytes*, or *original* where that fails.

    If other code has wrapped this, it gets the message of *to_message*, which it can change.
    """

    def __init__(
        self, module: ModuleType, to_message: Encoder, to_bytes: Encoder, original: Encoder
    ) -> None:
        self._module = module
        self._to_message = to_message
        self._to_bytes = to_bytes
        self._original = original
        self._batches = 0

    def __call__(self, spans: Sequence[ReadableSpan]) -> Any:
        """The message that *original* returns for *spans*."""
        if type(spans) is not Batch or Encoding.refused is not None:
            return self._original(spans)
        encode = self._to_bytes if self._module.encode_spans is self else self._to_message
        try:
            message = encode(spans)
        except Exception as error:  # whatever it is, the SDK encodes the batch
            if is_foreign(error, in_call=True):
                raise
            return self._original(spans)  # it drops an attribute, or refuses the batch, by itself
        self._batches += 1
        if self._batches > _FIRST and self._batches % _EVERY:
            return message
        theirs = self._original(spans)
        with guard:
            if message.SerializeToString() != theirs.SerializeToString():  # not `!=`: of NaN
                _refuse("a batch of spans differs from what the SDK's encoder returns")
        return theirs


def _agree(theirs: Encoder, ours: Encoder) -> bool:
    """Whether both return the same for a sample; logs it if not."""

    def agree() -> bool:
        spans = _sample()
        return bool(ours(spans).SerializeToString() == theirs(spans).SerializeToString())

    if fast_path.agrees(agree):
        return True
    _refuse("a sample of spans differs from what the SDK's encoder returns")
    return False


def _refuse(reason: str) -> None:
    Encoding.refused = reason
    message = f"OpenTelemetry's own encoder is used for spans, which costs more: {reason}"
    warn("encoding-refused", message)


def _sample() -> list[ReadableSpan]:
    """A bare span, and one with everything that a span can have."""
    remote = SpanContext(1 << 100, 2, is_remote=True, trace_state=TraceState([("a", "b")]))
    attributes: Any = {"text": "ä", "yes": True, "ratio": 0.5, "count": -1, "list": ["a", "b"]}
    bounded = BoundedAttributes(attributes=attributes)
    bounded.dropped = 300
    empty, local = Resource.get_empty(), SpanContext(3, 4, is_remote=False)
    return [
        ReadableSpan("bare", local, resource=empty, start_time=1, end_time=1 << 60),
        ReadableSpan(
            "full",
            remote,
            remote,
            Resource({"service.name": "sample"}, "https://example.com/schema"),
            bounded,
            [Event("event", bounded, 5)],
            [Link(remote, bounded)],
            SpanKind.SERVER,
            status=Status(StatusCode.ERROR, "failed"),
            start_time=6,
            end_time=7,
            instrumentation_scope=InstrumentationScope("scope", "1", "https://example.com/schema"),
        ),
    ]
