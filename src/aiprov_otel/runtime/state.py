"""The one annotator of this process: made at `install()` or when it is first needed."""

from __future__ import annotations

import os
import threading

from opentelemetry import trace

from aiprov_otel import settings
from aiprov_otel.runtime import manifests
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.emission import Emission
from aiprov_otel.runtime.resolver import Resolver

_lock = threading.Lock()
_annotator: Annotator | None = None
_tracer_provider: trace.TracerProvider | None = None
_stopped = False


def annotator() -> Annotator | None:
    """The annotator in use; None while disabled or after `uninstall()`."""
    if _stopped:
        return None
    return _annotator or _first()


def tracer() -> trace.Tracer:
    """The tracer of our own spans."""
    return trace.get_tracer("aiprov_otel", tracer_provider=_tracer_provider)


def start(annotator: Annotator, tracer_provider: trace.TracerProvider | None = None) -> None:
    """Use *annotator* from now on, and *tracer_provider* for our own spans."""
    global _annotator, _tracer_provider, _stopped
    with _lock:
        _annotator, _tracer_provider, _stopped = annotator, tracer_provider, False


def stop() -> None:
    """Annotate nothing from now on."""
    global _annotator, _tracer_provider, _stopped
    with _lock:
        _annotator, _tracer_provider, _stopped = None, None, True


def resolver() -> Resolver:
    """The resolver in use, or one of its own where nothing is annotated."""
    return found.resolver if (found := annotator()) else Resolver(manifests.find())


def _first() -> Annotator | None:
    global _annotator
    with _lock:
        if _annotator is None and not _stopped and not settings.read().disabled:
            _annotator = Annotator(Resolver(manifests.find()), Emission())
        return _annotator


def _in_child() -> None:
    # A lock that another thread held at the fork would stay locked for ever.
    global _lock
    _lock = threading.Lock()
    if _annotator:
        _annotator.resolver.reopen()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
