"""Starts OpenTelemetry in a process of the command, and reports to `aiprov run` what it met."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import wraps
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any, Final

import wrapt
from opentelemetry import trace
from opentelemetry.instrumentation.auto_instrumentation import initialize
from opentelemetry.instrumentation.dependencies import get_dist_dependency_conflicts
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from aiprov_otel import settings
from aiprov_otel.lending.bundles import why_bundled
from aiprov_otel.lending.exporter import LateProcessor, LocalExporter, PassingProcessor
from aiprov_otel.lending.packages import (
    INSTRUMENTATIONS,
    PREFIX,
    WITHIN,
    Instrumentation,
    canonical_name,
)
from aiprov_otel.runtime.frameworks import FRAMEWORKS

Report = Callable[[Mapping[str, Any]], None]

_DISABLED: Final = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
_EXPORTERS: Final = ("traces", "metrics", "logs")
# Seconds to send them, before the process ends. The receiver is on this machine: without it the
# attempt fails at once, and only a busy machine needs long.
_LAST_SPANS: Final = 10.0
_UNTRACED: Final = ("bjoern", "blacksheep", "granian", "robyn", "sanic", "socketify")
"""Servers and frameworks with one of their own, for which there is no instrumentation."""


def start(endpoint: str | None, release: str | None, report: Report) -> None:
    """
    Instrument this process as `opentelemetry-instrument` does; spans also go to *endpoint*.

    An instrumentation imports the library that it instruments. Here it waits until the application
    imports it: one that is installed and not used costs nothing.
    """
    if why := next(filter(None, map(why_bundled, _script())), None):
        report({"event": "refused", "why": why})
        return
    disabled = os.environ.get(_DISABLED)
    waiting = list(_waiting(disabled or ""))
    _drop_missing_exporters()
    os.environ[_DISABLED] = ",".join(filter(None, [disabled, *(each.name for each in waiting)]))
    try:
        initialize()
    finally:
        if disabled is None:
            del os.environ[_DISABLED]
        else:
            os.environ[_DISABLED] = disabled
    for each in waiting:
        _instrument_when_imported(each, report)
    provider = trace.get_tracer_provider()
    if endpoint and isinstance(provider, TracerProvider):
        exporter = LocalExporter(endpoint, lambda span: report(_request(span)))
        processor = LateProcessor(exporter)
        provider.add_span_processor(processor)
        _send_of_later_providers(processor)
        _send_before_termination(processor)
    _report_frameworks(report)
    report(
        {
            "event": "python",
            "release": release,
            "libraries": sorted({library for each in waiting for library in _present(each)}),
            "off": settings.switched_off(),
            "packages": _packages(report),
        }
    )


def _packages(report: Report) -> dict[str, list[str]]:
    """
    The packages of the import hook, and those that are imported; others are reported later.

    `unsent` are those that are counted in metrics, where no exporter sends these.
    """
    finder = sys.modules.get("aiprov_otel.runtime.import_hook.finder")  # only if there is a hook
    if finder is None:
        return {"named": [], "used": [], "unsent": []}
    finder.PLAN.on_use = lambda name: report({"event": "package", "name": name})
    unsent = os.environ.get("OTEL_METRICS_EXPORTER") == "none"
    counted = [rule.package for rule in finder.PLAN if rule.mode in {"metrics", "count"}]
    return {**finder.PLAN.to_json(), "unsent": counted if unsent else []}


def _script() -> Iterator[Path]:
    """The file or folder that this process runs, if it is one: `sys.argv` is still to come."""
    words = (word for word in sys.orig_argv[1:] if not word.startswith("-"))
    return (path for path in map(Path, itertools.islice(words, 1)) if path.exists())


def _send_of_later_providers(processor: SpanProcessor) -> None:
    """Send the spans of providers that the application makes for itself, as Logfire does, too."""

    def begin(
        original: Callable[..., None], provider: TracerProvider, args: Any, kwargs: Any
    ) -> None:
        original(*args, **kwargs)
        with suppress(AttributeError):  # a subclass that is not ready for a processor
            TracerProvider.add_span_processor(provider, PassingProcessor(processor))

    wrapt.wrap_function_wrapper(TracerProvider, "__init__", begin)


def _send_before_termination(processor: SpanProcessor) -> None:
    """
    Send the spans that are left when SIGTERM ends this process.

    Python's default is to die at once, and so do servers that handle it: uvicorn shuts down, and
    then sends itself the signal again, for the handler that was there before it.
    """

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        # The signal may have interrupted what holds one of the processor's locks.
        sending = Thread(target=processor.force_flush, daemon=True)
        sending.start()
        sending.join(_LAST_SPANS)
        signal.raise_signal(number)

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, end)


def _waiting(disabled: str) -> Iterator[EntryPoint]:
    """The instrumentations that wait for the import of a library, without those in *disabled*."""
    names = {name.strip() for name in disabled.split(",")}
    for each in entry_points(group="opentelemetry_instrumentor"):
        if _instrumentation(each).module and not names & {"*", each.name}:
            yield each


def _instrumentation(entry: EntryPoint) -> Instrumentation:
    name = canonical_name(entry.dist.name).removeprefix(PREFIX) if entry.dist else ""
    return WITHIN.get(entry.name) or INSTRUMENTATIONS.get(name, Instrumentation())


def _present(entry: EntryPoint) -> Iterator[str]:
    return filter(_is_installed, _instrumentation(entry).libraries)


def _instrument_when_imported(entry: EntryPoint, report: Report) -> None:
    def instrument(_: ModuleType | None = None) -> None:
        if why := _instrument(entry):
            report({"event": "declined", "name": entry.name, "why": why})

    if entry.name == "django":
        _call_before_django_serves(instrument)
    elif module := _instrumentation(entry).module:
        wrapt.register_post_import_hook(instrument, module)


def _instrument(entry: EntryPoint) -> str | None:
    """Instrument a library; why not, if its instrumentation does not take this version."""
    try:
        if entry.dist and (why := why_declined(entry.dist)):
            return why
        entry.load()().instrument(skip_dep_check=True)
    except Exception as error:  # noqa: BLE001 (the application only imports a library)
        return f"{type(error).__name__}: {error}"
    return None


def why_declined(instrumentation: Distribution) -> str | None:
    """Why *instrumentation* does not take the version of its library that is here, if so."""
    conflict = get_dist_dependency_conflicts(instrumentation)
    if conflict is None:
        return None
    if conflict.required is None:  # it takes one of several libraries
        return str(conflict)
    takes = str(conflict.required).partition(";")[0].strip()
    return f"it takes {takes}, and this is {conflict.found or 'not installed'}"


def _request(span: ReadableSpan) -> dict[str, Any]:
    milliseconds = ((span.end_time or 0) - (span.start_time or 0)) / 1e6
    return {"event": "request", "name": span.name, "ms": milliseconds}


def _drop_missing_exporters() -> None:
    """Leave out exporters that this environment doesn't have, which would end all of it."""
    for kind in _EXPORTERS:
        variable = f"OTEL_{kind.upper()}_EXPORTER"
        present = {"none", *entry_points(group=f"opentelemetry_{kind}_exporter").names}
        if {"otlp_proto_grpc", "otlp_proto_http"} & present:
            present.add("otlp")
        names = [name.strip() for name in os.environ.get(variable, "otlp").split(",")]
        os.environ[variable] = ",".join(name for name in names if name in present) or "none"


def _call_before_django_serves(instrument: Callable[[], None]) -> None:
    """
    Call *instrument* when Django's settings have been found.

    Its instrumentation reads them at once; where `manage.py` or `wsgi.py` is still to name them, it
    would configure Django with settings that are empty.
    """

    def patch(base: ModuleType) -> None:
        original = base.BaseHandler.load_middleware

        @wraps(original)
        def load_middleware(*args: Any, **kwargs: Any) -> Any:
            base.BaseHandler.load_middleware = original
            instrument()
            return original(*args, **kwargs)

        base.BaseHandler.load_middleware = load_middleware

    wrapt.register_post_import_hook(patch, "django.core.handlers.base")


def _report_frameworks(report: Report) -> None:
    """Report each framework when it is imported, with the package that makes its spans."""
    needed = {each.MODULE: each.INSTRUMENTATION for each in FRAMEWORKS if each.MODULE != "grpc"}
    for module, instrumentation in {**needed, **dict.fromkeys(_UNTRACED)}.items():

        def met(_: ModuleType, module: str = module, needs: str | None = instrumentation) -> None:
            name = module.partition(".")[0]
            lacks = needs if needs and not _is_installed(needs) else None
            traced = needs is not None and lacks is None
            report({"event": "framework", "name": name, "traced": traced, "lacks": lacks})

        wrapt.register_post_import_hook(met, module)


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
