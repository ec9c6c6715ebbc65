"""`AiprovInstrumentor`: the same as `install()`, in OpenTelemetry's house style."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined]  # untyped
    BaseInstrumentor,
)

from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.install import Installation, install


class AiprovInstrumentor(BaseInstrumentor):  # type: ignore[misc]  # the base class is untyped
    """What `opentelemetry-instrument` finds; `instrument()` takes the arguments of `install()`."""

    _installation: Installation | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing: it instruments the application, whatever that uses."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        known = {"manifest", "tracer_provider", "attributes", "commits"}
        with guard:
            self._installation = install(**{k: v for k, v in kwargs.items() if k in known})

    def _uninstrument(self, **kwargs: Any) -> None:
        if self._installation:
            self._installation.uninstall()
