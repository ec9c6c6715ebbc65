"""`AiprovInstrumentor`: the same as `install()`, in OpenTelemetry's house style."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined]  # untyped
    BaseInstrumentor,
)

from aiprov_otel import settings
from aiprov_otel.errors import ManifestError
from aiprov_otel.runtime.guard import guard, warn, warn_of_settings
from aiprov_otel.runtime.install import Installation, install

_ARGUMENTS: Final = ("manifest", "tracer_provider", "logger_provider", "attributes", "commits")


@dataclass(init=False)
class Options:
    """
    The options below `instrumentation/development.python.aiprov` in OpenTelemetry's file.

    They are arguments of `install()`; None where the file leaves one out. Invalid options are
    logged as warnings and ignored.
    """

    manifest: str | None
    attributes: str | None
    commits: str | None

    def __init__(self, **options: Any) -> None:
        given = settings.read().given(**options)
        with guard:
            warn_of_settings(given)
        for name in ("manifest", "attributes", "commits"):
            setattr(self, name, getattr(given, name) if name in options else None)


class AiprovInstrumentor(BaseInstrumentor):  # type: ignore[misc]  # the base class is untyped
    """`install()` for `opentelemetry-instrument`; `instrument()` takes the same arguments."""

    configuration = Options
    _installation: Installation | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing: any application can be instrumented."""
        return ()

    def instrument(self, **kwargs: Any) -> None:
        """
        Install, unless that was done.

        OpenTelemetry calls this twice: for its file, and then as it calls every instrumentation.
        """
        if not self.is_instrumented_by_opentelemetry:
            super().instrument(**kwargs)

    def _instrument(self, **kwargs: Any) -> None:
        given = {name: kwargs[name] for name in _ARGUMENTS if name in kwargs}
        with guard:
            try:
                self._installation = install(**given)
            except ManifestError as error:
                # The application did not make this call, so it must not get the exception.
                warn("manifest-unreadable", f"{error}; looking for another")
                self._installation = install(**{**given, "manifest": None})

    def _uninstrument(self, **kwargs: Any) -> None:
        if self._installation:
            self._installation.uninstall()
