"""For your own tests: state who wrote a piece of code, and read it back."""

from __future__ import annotations

import inspect
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from aiprov_otel.manifest import Manifest, SourceFile, content_hash, dump
from aiprov_otel.manifest.document import fold_runs
from aiprov_otel.runtime import libraries, providers, resolver, source_text, state
from aiprov_otel.runtime.annotator import Annotator, Emission
from aiprov_otel.runtime.callables import code_of
from aiprov_otel.runtime.install import register_loaded_modules, start
from aiprov_otel.runtime.resolver import Resolver
from aiprov_otel.runtime.unwrapping import sdk_providers
from aiprov_otel.values import Evidence, Match, Origin, Provenance

_outer: Final[list[dict[Path, list[Provenance]]]] = []
"""The lines that the blocks around this one state, by file."""


@contextmanager
def use_manifest(
    *code: Any,
    origin: str = "ai",
    agent: str | None = None,
    model: str | None = None,
    commit: str | None = None,
    manifest: str | os.PathLike[str] | Manifest | None = None,
    tracer_provider: trace.TracerProvider | None = None,
) -> Iterator[list[ReadableSpan]]:
    """
    State who wrote *code* while the block runs; the target is the list of spans that end in it.

    Each *code* is a function, a method, a class, a module, or the path of a source file. Code that
    is not named has no provenance, unless a block around this one states it, or *manifest*, which
    is a manifest or its path. Spans are those of *tracer_provider*, by default the global one, and
    those of `@provenance`. Everything is undone when the block ends.

    >>> from aiprov_otel import provenance, provenance_of
    >>> from aiprov_otel.testing import use_manifest
    >>> @provenance
    ... def quote(price):
    ...     return 2 * price
    >>> with use_manifest(quote, origin="ai", agent="cursor", model="gpt-5") as spans:
    ...     total = quote(3)
    ...     who = provenance_of(quote)
    >>> who.agent
    'cursor'
    >>> spans[0].attributes["aiprov.origin"], spans[0].attributes["aiprov.model.name"]
    ('ai', 'gpt-5')

    Raises:
        ValueError: *origin* is not one of `ai`, `human`, `mixed`, `unknown`.
        TypeError: a *code* is neither Python code nor a path.
        ManifestError: *manifest* can't be read.
    """
    stated = Provenance(
        Origin(origin),
        agent,
        model,
        commit=commit,
        evidence=Evidence.DECLARED,
        match=Match.EXACT,
    )
    with ExitStack() as stack:
        lines = {path: list(known) for path, known in _outer[-1].items()} if _outer else {}
        for each in code:
            if not _state_lines(lines, each, stated):
                _declare(stack, code_of(each), stated)
        _outer.append(lines)
        stack.callback(_outer.pop)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = (
            [manifest if isinstance(manifest, Manifest) else Manifest.load(manifest)]
            if (manifest is not None)
            else []
        )
        provider = tracer_provider or trace.get_tracer_provider()
        of_sdk = sdk_providers(provider, TracerProvider)
        if tracer_provider is None and not of_sdk:
            provider = TracerProvider(shutdown_on_exit=False)
        _start(stack, Resolver([*given, _manifest(folder, lines)]), provider)
        yield _collect(stack, of_sdk[0] if of_sdk else provider)


def _state_lines(lines: dict[Path, list[Provenance]], thing: Any, stated: Provenance) -> bool:
    """Put *stated* on the lines of *thing*; False if they are not in a file."""
    path, numbers = _place(thing)
    if path is None:
        return False
    count = len((source_text.read(str(path)) or b"").splitlines())
    known = lines.setdefault(path, [Provenance(match=Match.EXACT)] * count)
    for number in range(count) if numbers is None else numbers:
        known[number] = stated
    return True


def _place(thing: Any) -> tuple[Path | None, range | None]:
    """The file of *thing*, and the indices of its lines; None for all of them, or for no file."""
    if isinstance(thing, str | os.PathLike):
        return Path(thing).absolute(), None
    if isinstance(thing, ModuleType):
        return Path(inspect.getfile(thing)).absolute(), None
    if inspect.isclass(thing):
        source, first = inspect.getsourcelines(thing)
        return Path(inspect.getfile(thing)).absolute(), range(first - 1, first - 1 + len(source))
    code = code_of(thing)
    if libraries.is_stdlib(code.co_filename):
        return None, None
    numbers = [n for each in resolver.codes(code) for _, _, n in each.co_lines() if n]
    return Path(code.co_filename).absolute(), range(min(numbers) - 1, max(numbers))


def _declare(stack: ExitStack, code: CodeType, stated: Provenance) -> None:
    """State the provenance of *code* that is not in a file, until *stack* is left."""
    before = resolver.stated.get(id(code))
    resolver.declare(code, stated)
    if before is None:
        stack.callback(resolver.stated.pop, id(code))
    else:
        stack.callback(resolver.stated.__setitem__, id(code), before)


def _manifest(folder: Path, lines: dict[Path, list[Provenance]]) -> Manifest:
    sources = [_source(path, known) for path, known in lines.items()]
    path = folder / "aiprov.manifest"
    dump(path, sources, revision=None, repository_url=None, policy={})
    return Manifest.load(path)


def _source(path: Path, lines: Sequence[Provenance]) -> SourceFile:
    name = path.relative_to(path.anchor).as_posix()
    content = content_hash(source_text.read(str(path)) or b"")
    return SourceFile(name, name, content, tuple(fold_runs((line, 1) for line in lines)))


def _start(stack: ExitStack, known: Resolver, provider: trace.TracerProvider) -> None:
    """Answer from *known* until *stack* is left; then as before."""
    stack.callback(state.save())
    if not state.is_installed():
        stack.enter_context(start(known, Emission(), provider))
        return
    register_loaded_modules(known)
    state.start(Annotator(known, Emission()), provider, handle=state.installation)
    providers.cover_spans(provider)


class _Collector(SpanProcessor):
    """Keeps the spans that end until it is closed; the SDK can't remove it from a provider."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []
        self._closed = False

    def on_end(self, span: ReadableSpan) -> None:
        """Keep *span*."""
        if not self._closed:
            self.spans.append(span)

    def close(self) -> None:
        """Keep no more spans."""
        self._closed = True


def _collect(stack: ExitStack, provider: Any) -> list[ReadableSpan]:
    collector = _Collector()
    provider.add_span_processor(collector)
    stack.callback(collector.close)
    return collector.spans
