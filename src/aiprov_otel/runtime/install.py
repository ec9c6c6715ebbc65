"""`install()`: annotates this process's spans, exceptions and log records."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType

from opentelemetry import _logs, trace
from opentelemetry.sdk.trace import Span

from aiprov_otel import settings
from aiprov_otel.manifest import Manifest
from aiprov_otel.runtime import (
    discovery,
    excepthooks,
    exceptions,
    exporters,
    fast_path,
    frameworks,
    logs,
    metrics,
    plain_attributes,
    providers,
    servers,
    source_text,
    starts,
    state,
)
from aiprov_otel.runtime.annotator import Annotator, Emission
from aiprov_otel.runtime.background_resolver import BackgroundResolver
from aiprov_otel.runtime.guard import call_guard, guard, log, warn, warn_of_settings
from aiprov_otel.runtime.import_hook import manifest_finder
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.resolver import Resolver
from aiprov_otel.settings import Commits, Extent


class Installation(AbstractContextManager["Installation"]):
    """The handle of `install()`: `uninstall()` undoes it, and so does leaving a `with` block."""

    def __init__(self) -> None:
        self._patches = Patches()
        self._import_hook: AbstractContextManager[object] = nullcontext()

    def instrument(
        self,
        tracer_provider: trace.TracerProvider | None,
        logger_provider: _logs.LoggerProvider | None,
        packages: str,
    ) -> None:
        """Patch the SDK, `logging`, Python's hooks and the frameworks; import-hook *packages*."""
        with call_guard:  # each without the others
            providers.instrument(self._patches, tracer_provider, logger_provider)
        for instrument in (
            exceptions.instrument,
            logs.instrument,
            excepthooks.instrument,
            frameworks.instrument,
            servers.instrument,
            exporters.instrument,
            plain_attributes.instrument,
        ):
            with call_guard:
                instrument(self._patches)
        with call_guard:
            metrics.instrument()
        if packages:
            from aiprov_otel.runtime.import_hook.handle import attach  # most services name none
            from aiprov_otel.runtime.import_hook.rules import parse_rules

            with guard:
                self._import_hook = attach(parse_rules(packages))

    def uninstall(self) -> None:
        """
        Stop annotating; twice is fine.

        The SDK can't remove a processor: ours stays on its provider, and does nothing.
        """
        if state.installation is not self:
            return
        self._patches.undo()
        self._import_hook.__exit__(None, None, None)
        manifest_finder.stop()
        starts.stop()
        state.stop()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.uninstall()


def install(
    *,
    manifest: str | os.PathLike[str] | Manifest | None = None,
    tracer_provider: trace.TracerProvider | None = None,
    logger_provider: _logs.LoggerProvider | None = None,
    attributes: Extent = "all",
    commits: Commits = "all",
) -> Installation:
    """
    Annotate the spans, exceptions and log records of this process from now on.

    Providers that exist (the global ones, or *tracer_provider* and *logger_provider*) and those
    made later are covered, in any order. *manifest* is a manifest or its path; by default it is
    looked for as docs/reference/configuration.md describes. `attributes="minimal"` sends origin,
    model and commit only; `commits="ai-only"` leaves out the hashes of commits that people wrote.
    Installing twice changes nothing and returns the first handle. Logs a warning for invalid
    values.

    Raises:
        ManifestError: *manifest* was given and can't be read.
        ValueError: under `AIPROV_STRICT`, a setting has an invalid value.
    """
    if isinstance(state.installation, Installation):
        log.debug("aiprov_otel is installed already")
        return state.installation
    options = settings.read().given(attributes=attributes, commits=commits)
    if options.doctor:
        from aiprov_otel.runtime import doctor_probe  # for `aiprov doctor` alone

        with guard:
            doctor_probe.report_to(options.doctor)
    warn_of_settings(options)
    if options.disabled:
        state.stop()
        return Installation()
    resolver = BackgroundResolver(_manifests(manifest), state.renew)
    emission = Emission(options.attributes, options.commits)
    packages = _packages(resolver)
    installation = start(resolver, emission, tracer_provider, logger_provider, packages)
    if isinstance(tracer_provider or trace.get_tracer_provider(), trace.ProxyTracerProvider):
        warn("provider-missing", "No tracer provider is set, and without one there are no spans")
    return installation


def start(
    resolver: Resolver,
    emission: Emission,
    tracer_provider: trace.TracerProvider | None,
    logger_provider: _logs.LoggerProvider | None = None,
    packages: str = "",
) -> Installation:
    """Annotate from now on with what *resolver* knows, in the form that *emission* sets."""
    fast_path.open_up(Span.record_exception)  # before a span could pass through a patch of ours
    register_loaded_modules(resolver)
    manifest_finder.start(resolver)
    installation = Installation()
    state.start(Annotator(resolver, emission), tracer_provider, logger_provider, installation)
    installation.instrument(tracer_provider, logger_provider, packages)
    return installation


def _manifests(given: str | os.PathLike[str] | Manifest | None) -> list[Manifest]:
    if given is None:
        return discovery.find()
    return [given if isinstance(given, Manifest) else Manifest.load(Path(given))]


def register_loaded_modules(resolver: Resolver) -> None:
    """Hash the files of modules that are loaded now, before they can change on disk."""
    for filename in source_text.loaded_files():
        with guard:
            resolver.loaded(filename)


def _packages(resolver: Resolver) -> str:
    """The packages that the manifests' policies name, then `AIPROV_PACKAGES`, which wins."""
    named = [name for manifest in resolver.manifests for name in _named_in(manifest)]
    return ",".join(filter(None, [*named, settings.read().packages]))


def _named_in(manifest: Manifest) -> list[str]:
    packages = manifest.policy.get("packages", [])
    if isinstance(packages, list) and all(isinstance(each, str) for each in packages):
        return packages
    message = f"{manifest.path}: `packages` is not a list of names; it is ignored"
    warn("manifest-unreadable", message, about=manifest.path)
    return []
