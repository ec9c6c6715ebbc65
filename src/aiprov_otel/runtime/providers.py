"""Providers of the SDK with a processor of ours: those that exist, and those made later."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from types import ModuleType
from typing import Any, Final
from weakref import ref

from opentelemetry import _logs, trace
from opentelemetry.sdk.trace import ConcurrentMultiSpanProcessor, TracerProvider

from aiprov_otel.runtime import state
from aiprov_otel.runtime.guard import call_guard, warn
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.post_import import register_post_import_hook
from aiprov_otel.runtime.spans import ProvenanceSpanProcessor
from aiprov_otel.runtime.unwrapping import sdk_providers

# The processors ask the state of the process, so one on a provider serves every installation.
_covered: Final[dict[int, Callable[[], Any]]] = {}
"""The providers that have one, by their identity: Logfire's can't be hashed."""


def instrument(
    patches: Patches,
    tracer_provider: trace.TracerProvider | None,
    logger_provider: _logs.LoggerProvider | None,
) -> None:
    """
    Cover these providers or the global ones, and those made later.

    The SDK's logs are instrumented when they are imported, or at once if they were: importing them
    costs the detection of a resource.
    """
    patches.replace(TracerProvider, "__init__", partial(_wrap_init, _add_span_processor))
    patches.replace(TracerProvider, "get_tracer", _wrap_get_tracer)
    patches.replace(trace, "set_tracer_provider", partial(_wrap_set, _add_span_processor))
    patches.replace(ConcurrentMultiSpanProcessor, "on_start", _wrap_concurrent_on_start)
    cover_spans(tracer_provider or trace.get_tracer_provider())
    register_post_import_hook(
        partial(_instrument_logs, patches, logger_provider), "opentelemetry.sdk._logs"
    )


def cover_spans(provider: trace.TracerProvider) -> None:
    """Put a processor of ours on *provider*, unless it has one."""
    _cover(_add_span_processor, provider)


def _instrument_logs(
    patches: Patches, logger_provider: _logs.LoggerProvider | None, sdk: ModuleType
) -> None:
    with call_guard:
        patches.replace(sdk.LoggerProvider, "__init__", partial(_wrap_init, _add_log_processor))
        patches.replace(_logs, "set_logger_provider", partial(_wrap_set, _add_log_processor))
        _cover(_add_log_processor, logger_provider or _logs.get_logger_provider())


def _wrap_init(add: Callable[[Any], None], original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _cover(add, self)

    return init


def _wrap_get_tracer(original: Callable[..., trace.Tracer]) -> Callable[..., trace.Tracer]:
    @wraps(original)
    def get_tracer(self: TracerProvider, *args: Any, **kwargs: Any) -> trace.Tracer:
        _cover(_add_span_processor, self)  # one that came by a way that we don't see
        return original(self, *args, **kwargs)

    return get_tracer


def _wrap_concurrent_on_start(original: Callable[..., None]) -> Callable[..., None]:
    """Annotate a span before the threads of a pool see it: there its opener is not on the stack."""
    processor = ProvenanceSpanProcessor()

    @wraps(original)
    def on_start(self: ConcurrentMultiSpanProcessor, span: Any, *args: Any, **kwargs: Any) -> None:
        if state.is_installed():
            processor.on_start(span)
        original(self, span, *args, **kwargs)

    return on_start


def _wrap_set(add: Callable[[Any], None], original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def set_provider(provider: Any) -> None:
        _cover(add, provider)
        original(provider)

    return set_provider


def _cover(add: Callable[[Any], None], provider: Any) -> None:
    with call_guard:  # a subclass may not be ready for a processor
        # A patch of ours may still be below one of somebody else after `uninstall()`.
        if state.is_installed() and not _is_covered(provider):
            add(provider)


def _is_covered(provider: Any) -> bool:
    known = _covered.get(id(provider))
    return known is not None and known() is provider


def _remember(provider: Any) -> None:
    number = id(provider)
    try:
        _covered[number] = ref(provider, lambda _: _covered.pop(number, None))
    except TypeError:  # one with slots
        _covered[number] = lambda: provider


def _add_span_processor(provider: Any) -> None:
    if isinstance(provider, TracerProvider):
        if not _has_ours(provider):
            _add_to_sdk(provider, ProvenanceSpanProcessor())
        _remember(provider)
    elif not isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        _add_behind(provider)


def _add_to_sdk(provider: TracerProvider, processor: ProvenanceSpanProcessor) -> None:
    """Past a method of a subclass, which may do more: Phoenix's removes the exporter it had."""
    try:
        TracerProvider.add_span_processor(provider, processor)
    except AttributeError:  # one that passes on, and was never begun
        provider.add_span_processor(processor)


def _has_ours(provider: TracerProvider) -> bool:
    """Whether *provider* has a processor of ours, as far as can be seen."""
    composite = getattr(provider, "_active_span_processor", None)
    processors = getattr(composite, "_span_processors", ())
    return any(isinstance(each, ProvenanceSpanProcessor) for each in processors)


def _add_behind(wrapper: Any) -> None:
    """Put a processor on the SDK's provider to which *wrapper* passes on, as logfire's does."""
    if inner := sdk_providers(wrapper, TracerProvider):
        for provider in inner:
            _add_span_processor(provider)
    elif hasattr(wrapper, "add_span_processor"):
        wrapper.add_span_processor(ProvenanceSpanProcessor())
        _remember(wrapper)
    else:
        kind = f"{type(wrapper).__module__}.{type(wrapper).__qualname__}"
        message = (
            f"The tracer provider {kind} takes no span processor; of its spans only those of "
            "@provenance have provenance, unless the SDK's provider behind it is given to "
            "install(tracer_provider=...)"
        )
        warn("provider-unknown", message, about=kind)


def _add_log_processor(provider: Any) -> None:
    from opentelemetry.sdk._logs import LoggerProvider  # imported by now

    from aiprov_otel.runtime.log_processor import ProvenanceLogRecordProcessor  # imports the same

    for inner in sdk_providers(provider, LoggerProvider):
        if not _is_covered(inner):
            processor = ProvenanceLogRecordProcessor()
            inner.add_log_record_processor(processor)
            _move_to_front(inner, processor)
            _remember(inner)


def _move_to_front(provider: Any, processor: Any) -> None:
    """
    Let *processor* run first: behind one that exports at once, it would come too late.

    Where the SDK no longer has such a list, it stays where the public method puts it: in time for
    processors that export in batches, as a rule.
    """
    composite = getattr(provider, "_multi_log_record_processor", None)
    processors = getattr(composite, "_log_record_processors", None)
    if composite is not None and isinstance(processors, tuple):
        with composite._lock:  # noqa: SLF001 (a canary in the tests)
            others = (each for each in composite._log_record_processors if each is not processor)  # noqa: SLF001
            composite._log_record_processors = (processor, *others)  # noqa: SLF001
