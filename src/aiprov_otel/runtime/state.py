"""The state of this process: its one annotator, and the handle of `install()`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from opentelemetry import _logs, trace

from aiprov_otel import settings
from aiprov_otel.runtime import discovery
from aiprov_otel.runtime.annotator import Annotator, Emission
from aiprov_otel.runtime.fast_path import OURS
from aiprov_otel.runtime.guard import guard, warn_of_settings
from aiprov_otel.runtime.resolver import Resolver

# Reentrant: a warning about a manifest may reach a handler that starts a span.
_lock = threading.RLock()
current: Annotator | None = None
"""What `annotator` returns, once it exists; for hot paths."""
installation: object | None = None
"""The handle of `install()`, until it is undone."""
_resolver: Resolver | None = None  # outlives `stop`, for `provenance_of`
_tracer_provider: trace.TracerProvider | None = None
_logger_provider: _logs.LoggerProvider | None = None
_stopped = False


def is_installed() -> bool:
    """Whether `install()` was called, and not undone."""
    return installation is not None


def annotator() -> Annotator | None:
    """The annotator in use; None while disabled or after `uninstall()`."""
    if _stopped:
        return None
    return current or _first()


def tracer() -> trace.Tracer:
    """The tracer of our own spans."""
    return trace.get_tracer(OURS, tracer_provider=_tracer_provider)


def logger() -> _logs.Logger:
    """The logger of our own records."""
    return _logs.get_logger(OURS, logger_provider=_logger_provider)


def start(
    annotator: Annotator,
    tracer_provider: trace.TracerProvider | None = None,
    logger_provider: _logs.LoggerProvider | None = None,
    handle: object | None = None,
) -> None:
    """Use *annotator* from now on, and these providers for our own spans; *handle* undoes it."""
    global current, installation, _resolver, _tracer_provider, _logger_provider, _stopped
    with _lock:
        current, _resolver = annotator, annotator.resolver
        _tracer_provider, _logger_provider = tracer_provider, logger_provider
        installation, _stopped = handle, False


def renew() -> None:
    """Let go of all that the annotator has kept: a file that was unknown is known now."""
    global current
    with _lock:
        if current is not None:
            current = Annotator(current.resolver, current.emission)


def stop() -> None:
    """Annotate nothing from now on."""
    global current, installation, _tracer_provider, _logger_provider, _stopped
    with _lock:
        current = installation = _tracer_provider = _logger_provider = None
        _stopped = True


def save() -> Callable[[], None]:
    """Remember the state of now, for a test; the answer restores it."""
    saved = current, installation, _resolver, _tracer_provider, _logger_provider, _stopped

    def restore() -> None:
        global current, installation, _resolver, _tracer_provider, _logger_provider, _stopped
        with _lock:
            current, installation, _resolver, _tracer_provider, _logger_provider, _stopped = saved

    return restore


def resolver() -> Resolver:
    """The resolver in use, the last one that was, or the first."""
    global _resolver
    with _lock:
        if _resolver is None:
            _resolver = Resolver(discovery.find())
        return _resolver


def _first() -> Annotator | None:
    global current, _stopped
    with _lock:
        options = settings.read()
        warn_of_settings(options)
        _stopped = _stopped or options.disabled
        if current is None and not _stopped:
            current = Annotator(resolver(), Emission())
        return current


def _in_child() -> None:
    # A lock that another thread held at the fork would stay locked for ever.
    global _lock
    _lock = threading.RLock()
    with guard:
        if _resolver:
            _resolver.restart()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
