"""`install()`: annotate this process's spans and exceptions, and undo it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any
from weakref import WeakSet

from opentelemetry import _logs, trace
from opentelemetry.sdk.trace import Span, TracerProvider

from aiprov_otel import settings
from aiprov_otel.manifest import Manifest
from aiprov_otel.runtime import (
    discovery,
    excepthooks,
    exceptions,
    fast_path,
    frameworks,
    logs,
    metrics,
    state,
)
from aiprov_otel.runtime.annotator import Annotator, Emission
from aiprov_otel.runtime.background_resolver import BackgroundResolver
from aiprov_otel.runtime.guard import complain, guard, log
from aiprov_otel.runtime.import_hook import manifest_finder
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.resolver import Resolver
from aiprov_otel.runtime.spans import ProvenanceSpanProcessor
from aiprov_otel.settings import Commits, Extent


class Installation(AbstractContextManager["Installation"]):
    """What `install()` did; `uninstall()` undoes it, and so does leaving a `with` block."""

    def __init__(self) -> None:
        self._patches = Patches()
        self._import_hook: AbstractContextManager[object] = nullcontext()

    def hook(self, logger_provider: _logs.LoggerProvider | None) -> None:
        """Meet the SDK, `logging`, what nobody handles, and the frameworks."""
        self._patches.replace(TracerProvider, "__init__", _made)
        self._patches.replace(trace, "set_tracer_provider", _set)
        exceptions.hook(self._patches)
        logs.hook_logging(self._patches)
        logs.hook_providers(self._patches, logger_provider)
        excepthooks.annotate_printed(
            self._patches
        )  # it prints, so it comes before what only passes on
        excepthooks.log_unhandled(self._patches)
        frameworks.hook(self._patches)
        metrics.hook()

    def observe(self, packages: str) -> None:
        """See *packages*, as `AIPROV_PACKAGES` names them, when they are imported."""
        from aiprov_otel.runtime.import_hook.handle import attach  # most services name none
        from aiprov_otel.runtime.import_hook.rules import parse_rules

        with guard:
            self._import_hook = attach(parse_rules(packages))

    def uninstall(self) -> None:
        """
        Annotate nothing any more; twice is fine.

        The SDK can't remove a processor: ours stays on its provider, and does nothing.
        """
        global _installed
        if _installed is not self:
            return
        self._patches.undo()
        self._import_hook.__exit__(None, None, None)
        manifest_finder.stop()
        state.stop()
        _installed = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.uninstall()


_installed: Installation | None = None
# Our processor asks the state of the process, so one on a provider serves every installation.
_covered: WeakSet[TracerProvider] = WeakSet()


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
    looked for as docs/configuration.md says. `attributes="minimal"` sends origin, model and commit
    only; `commits="ai-only"` leaves out the hashes of commits that people wrote. Installing twice
    changes nothing and returns the first handle. Of a value that can't be, a warning tells.

    Raises:
        ManifestError: *manifest* was given and can't be read.
        ValueError: under `AIPROV_STRICT`, a setting has a value that it can't have.
    """
    global _installed
    if _installed is not None:
        log.debug("aiprov_otel is installed already")
        return _installed
    said = settings.read().given(attributes=attributes, commits=commits)
    if said.doctor:
        from aiprov_otel.runtime import doctor_probe  # for `aiprov doctor` alone

        doctor_probe.report_to(said.doctor)
    complain(said)
    if said.disabled:
        state.stop()
        return Installation()
    emission = Emission(said.attributes, said.commits)
    annotator = Annotator(BackgroundResolver(_manifests(manifest), state.renew), emission)
    fast_path.open_up(Span.record_exception)  # before anything of ours could meet its spans
    _meet_loaded_modules(annotator.resolver)
    manifest_finder.start(annotator.resolver)
    state.start(annotator, tracer_provider, logger_provider)
    _processor_on(tracer_provider or trace.get_tracer_provider())
    _installed = Installation()
    _installed.hook(logger_provider)
    if packages := _packages(annotator.resolver.manifests):
        _installed.observe(packages)
    return _installed


def _packages(loaded: Sequence[Manifest]) -> str:
    """What the policies of manifests say, and then the environment, which has the last word."""
    said = [package for manifest in loaded for package in manifest.policy.get("packages", ())]
    return ",".join(filter(None, [*said, settings.read().packages]))


def is_installed() -> bool:
    """Whether `install()` was called, and not undone."""
    return _installed is not None


def _manifests(given: str | os.PathLike[str] | Manifest | None) -> list[Manifest]:
    if given is None:
        return discovery.find()
    return [given if isinstance(given, Manifest) else Manifest.load(Path(given))]


def _meet_loaded_modules(resolver: Resolver) -> None:
    """Hash what is loaded now, before it can change on disk."""
    for module in list[object](sys.modules.values()):
        if not isinstance(module, ModuleType):
            continue  # anything may stand in sys.modules
        # Through __dict__: getattr would load a lazy module.
        names = object.__getattribute__(module, "__dict__")
        if isinstance(filename := names.get("__file__"), str):
            resolver.loaded(filename)


def _processor_on(provider: Any) -> None:
    with guard:  # a subclass may not be ready for a processor
        if isinstance(provider, TracerProvider) and provider not in _covered:
            provider.add_span_processor(ProvenanceSpanProcessor())
            _covered.add(provider)


def _made(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: TracerProvider, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if _installed is not None:  # ours may stay under a patch of somebody else
            _processor_on(self)

    return init


def _set(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def set_tracer_provider(tracer_provider: trace.TracerProvider) -> None:
        if _installed is not None:
            _processor_on(tracer_provider)
        original(tracer_provider)

    return set_tracer_provider
