"""
Runtime provenance: who wrote the code that failed, on the spans that you already send.

PYTEST_DONT_REWRITE: without this word, pytest warns if we are imported before its plug-ins.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiprov_otel.errors import AiprovError, ManifestError
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.runtime.decorator import provenance
    from aiprov_otel.runtime.import_hook.api import install_import_hook, no_instrument
    from aiprov_otel.runtime.import_hook.handle import ImportHook
    from aiprov_otel.runtime.install import Installation, install
    from aiprov_otel.runtime.instrumentor import AiprovInstrumentor
    from aiprov_otel.runtime.log_processor import ProvenanceLogRecordProcessor
    from aiprov_otel.runtime.lookup import provenance_of
    from aiprov_otel.runtime.resource import AiprovResourceDetector
    from aiprov_otel.runtime.spans import ProvenanceSpanProcessor
    from aiprov_otel.values import Origin, Provenance

__all__ = [
    "AiprovError",
    "AiprovInstrumentor",
    "AiprovResourceDetector",
    "ImportHook",
    "Installation",
    "Manifest",
    "ManifestError",
    "Origin",
    "Provenance",
    "ProvenanceLogRecordProcessor",
    "ProvenanceSpanProcessor",
    "install",
    "install_import_hook",
    "no_instrument",
    "provenance",
    "provenance_of",
]

# Resolved when first asked for: importing aiprov_otel does nothing and costs next to nothing.
_HOMES = {
    "AiprovError": "errors",
    "AiprovInstrumentor": "runtime.instrumentor",
    "AiprovResourceDetector": "runtime.resource",
    "ImportHook": "runtime.import_hook.handle",
    "Installation": "runtime.install",
    "Manifest": "manifest",
    "ManifestError": "errors",
    "Origin": "values",
    "Provenance": "values",
    "ProvenanceLogRecordProcessor": "runtime.log_processor",
    "ProvenanceSpanProcessor": "runtime.spans",
    "install": "runtime.install",
    "install_import_hook": "runtime.import_hook.api",
    "no_instrument": "runtime.import_hook.api",
    "provenance": "runtime.decorator",
    "provenance_of": "runtime.lookup",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # metadata is read only if asked for

        return version("aiprov-otel")
    if name == "testing":
        return importlib.import_module("aiprov_otel.testing")
    if name not in _HOMES:
        msg = f"module 'aiprov_otel' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(f"aiprov_otel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
