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
from aiprov_otel.runtime.guard import complain, guard, warn
from aiprov_otel.runtime.install import Installation, install

_ARGUMENTS: Final = ("manifest", "tracer_provider", "logger_provider", "attributes", "commits")


@dataclass(init=False)
class Options:
    """
    What `instrumentation/development.python.aiprov` of OpenTelemetry's file may say.

    As the arguments of `install()`; None where it says nothing. Of what it may not say, a warning
    tells, and the rest holds.
    """

    manifest: str | None
    attributes: str | None
    commits: str | None

    def __init__(self, **said: Any) -> None:
        given = settings.read().given(**said)
        with guard:
            complain(given)
        for name in ("manifest", "attributes", "commits"):
            setattr(self, name, getattr(given, name) if name in said else None)


class AiprovInstrumentor(BaseInstrumentor):  # type: ignore[misc]  # the base class is untyped
    """What `opentelemetry-instrument` finds; `instrument()` takes the arguments of `install()`."""

    configuration = Options
    _installation: Installation | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing: it instruments the application, whatever that uses."""
        return ()

    def instrument(self, **kwargs: Any) -> None:
        """
        Install; where it is, nothing.

        OpenTelemetry calls this for its file, and then again, as it calls every instrumentation.
        """
        if not self.is_instrumented_by_opentelemetry:
            super().instrument(**kwargs)

    def _instrument(self, **kwargs: Any) -> None:
        given = {name: kwargs[name] for name in _ARGUMENTS if name in kwargs}
        with guard:
            try:
                self._installation = install(**given)
            except ManifestError as error:
                # The application did not call, so it is not the one to be told by an exception.
                warn("manifest-unreadable", f"{error}; another is looked for")
                self._installation = install(**{**given, "manifest": None})

    def _uninstrument(self, **kwargs: Any) -> None:
        if self._installation:
            self._installation.uninstall()
