"""Reports the state of this process to `aiprov doctor`, in a file: at intervals, and at exit."""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

from opentelemetry import metrics, trace
from opentelemetry._logs import get_logger_provider
from opentelemetry.sdk.trace import TracerProvider

from aiprov_otel import settings
from aiprov_otel.attributes import VCS_REF_HEAD_REVISION
from aiprov_otel.runtime import discovery, frameworks, servers, source_text, state
from aiprov_otel.runtime.exporters import Encoding
from aiprov_otel.runtime.guard import call_guard, warned
from aiprov_otel.runtime.unwrapping import sdk_providers

_EVERY: Final = 0.5  # seconds
_STARTER: Final = "opentelemetry.instrumentation.auto_instrumentation"
_early = False


def report_to(folder: str) -> None:
    """Write `<pid>.json` into *folder* at intervals, here and in every forked process."""
    global _early
    _early = _is_early()
    _start(folder)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: _start(folder))


def _is_early() -> bool:
    """Whether `opentelemetry-instrument` calls, before any code of the application."""
    frame = sys._getframe()  # noqa: SLF001 (inspect would read the source of each frame)
    names = (above.f_globals.get("__name__") or "" for above in _stack(frame))
    return any(name.startswith(_STARTER) for name in names)


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _start(folder: str) -> None:
    ended = threading.Event()

    def end() -> None:
        ended.set()
        _write(folder)

    def again() -> None:
        while not ended.wait(_EVERY):
            _write(folder)

    atexit.register(end)
    threading.Thread(target=again, name="aiprov-doctor", daemon=True).start()


def _write(folder: str) -> None:
    path = os.path.join(folder, f"{os.getpid()}.json")
    part = f"{path}.{threading.get_ident()}"
    with call_guard:
        with open(part, "w", encoding="utf-8") as file:
            json.dump(report(), file)
        os.replace(part, path)


def report() -> dict[str, Any]:
    """The state of this process, for JSON; the keys are those of `aiprov doctor --json`."""
    options = settings.read()
    return {
        "pid": os.getpid(),
        "disabled": options.disabled,
        "installed": state.is_installed(),
        "early": _early,
        "wrong": list(options.wrong),
        "folder": os.getcwd(),
        "path": [os.path.abspath(each) for each in sys.path],
        "unreadable": list(discovery.unreadable.values()),
        **_application(),
        "tracer_provider": _provider(trace.get_tracer_provider()),
        "processors": list(_processors(trace.get_tracer_provider())),
        "meter_provider": _provider(metrics.get_meter_provider()),
        "logger_provider": _provider(get_logger_provider()),
        "revision": _revision(trace.get_tracer_provider()),
        "frameworks": sorted(frameworks.instrumented),
        "servers": sorted(servers.instrumented),
        "left_alone": _left_alone(),
        "packages": _packages(),
        "encoding": {"used": sorted(Encoding.used), "refused": Encoding.refused},
        "warnings": warned(),
    }


def _application() -> dict[str, Any]:
    """The manifests, and how the loaded files of the application match them."""
    if (annotator := state.current) is None:  # a report must not create one
        return {"manifests": [], "loaded": {}, "stale": []}
    resolver = annotator.resolver
    for name in (names := list(_files())):
        resolver.file(name)
    resolver.read_pending()
    found = {name: file for name in names if (file := resolver.file(name))}
    return {
        "manifests": [str(manifest.path) for manifest in resolver.manifests],
        "loaded": Counter(file.match.value for file in found.values()),
        "stale": sorted(name for name, file in found.items() if file.match.value == "stale"),
    }


def _left_alone() -> list[str]:
    """The functions that the import hook does not rewrite, since a library reads their code."""
    loader = sys.modules.get("aiprov_otel.runtime.import_hook.loader")  # only if there is a hook
    names: dict[str, tuple[str, ...]] = getattr(loader, "left_alone", {})
    return [f"{module}.{name}" for module, each in sorted(names.items()) for name in each]


def _packages() -> dict[str, list[str]]:
    """The packages that the import hook is for, and those of them that were imported."""
    finder = sys.modules.get("aiprov_otel.runtime.import_hook.finder")  # only if there is a hook
    return finder.PLAN.to_json() if finder else {"named": [], "used": []}


def _files() -> Iterator[str]:
    for filename in source_text.loaded_files():
        # For a module without its source, the file that its code was compiled from.
        yield filename.removesuffix("c") if filename.endswith(".pyc") else filename


def _provider(provider: object) -> str:
    kind = type(provider)
    return f"{kind.__module__.removesuffix('._internal')}.{kind.__qualname__}"


def _processors(provider: Any) -> Iterator[dict[str, str | bool | None]]:
    """The processors of the SDK's provider, also of one behind a wrapper."""
    for each in sdk_providers(provider, TracerProvider):
        composite = getattr(each, "_active_span_processor", None)
        for processor in getattr(composite, "_span_processors", ()):
            exporter = getattr(processor, "span_exporter", None)
            yield {
                "type": type(processor).__name__,
                "exporter": type(exporter).__name__ if exporter else None,
                "grpc": ".grpc." in type(exporter).__module__,
            }


def _revision(provider: Any) -> str | None:
    attributes = getattr(getattr(provider, "resource", None), "attributes", {})
    found = attributes.get(VCS_REF_HEAD_REVISION)
    return str(found) if found else None
