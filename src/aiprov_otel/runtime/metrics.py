"""Metrics: exceptions by the origin of the line that raised, and the lines deployed."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Final, TypeAlias

from opentelemetry import metrics
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Observation

from aiprov_otel import attributes as keys
from aiprov_otel.attributes import Attributes, of_lines, of_raised
from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import Entry, Manifest
from aiprov_otel.runtime import state
from aiprov_otel.runtime.exception_state import State, Tally, let_go, type_name
from aiprov_otel.runtime.fast_path import OURS
from aiprov_otel.runtime.guard import call_guard, guard, warn
from aiprov_otel.runtime.resolver import Resolver
from aiprov_otel.values import Origin, Outcome, Strength

LIMIT: Final = 500
"""Combinations of attribute values that a metric of ours may have, before the rest is one."""

Lines = Counter[tuple[Origin, str | None, Strength]]
Kind: TypeAlias = tuple[str, str | None, str]
"""Exceptions that count as one: of lines of one origin and one model, and of one class."""

_counter: metrics.Counter | None = None
_raised: dict[tuple[Kind, Outcome | None], Attributes] = {}
_let_go: Final[dict[Kind, Tally]] = {}
_sent: Final[Counter[Kind]] = Counter()
_lock = threading.Lock()
_deployed: tuple[Resolver, list[Observation]] | None = None


def instrument() -> None:
    """
    Create the instruments on the global meter provider, whenever that is set.

    An instrument can't be removed, so a process creates each once; while nothing is installed,
    nothing is counted and nothing observed.
    """
    global _counter
    if _counter is None:
        meter = metrics.get_meter(OURS)
        _counter = meter.create_counter(
            keys.EXCEPTIONS, keys.EXCEPTIONS_UNIT, "Exceptions, by who wrote the line that raised"
        )
        meter.create_observable_up_down_counter(
            keys.CODE_LINES, [_observed], keys.CODE_LINES_UNIT, "Lines deployed, by who wrote them"
        )


def count(kind: Kind, outcome: Outcome | None, within: Context | None = None) -> None:
    """
    Count an exception of this *kind*; without an *outcome* where it can't be known.

    The span of the context *within* becomes its exemplar; by default the current one.
    """
    if _counter is not None:
        if (kind, outcome) not in _raised and len(_raised) >= LIMIT:
            kind = (kind[0], None, keys.OTHER)
        attributes = _raised.setdefault((kind, outcome), of_raised(*kind, outcome))
        with call_guard:  # the application's provider may be any code
            _counter.add(1, attributes, within)


def count_let_go(kind: Kind, state: State) -> None:
    """Count the exception of *state* as handled at the next collection, if it still is one then."""
    if kind not in _let_go and len(_let_go) >= LIMIT:
        kind = (kind[0], None, keys.OTHER)
    let_go(state, _let_go.setdefault(kind, Tally()))


def _count_let_go() -> None:
    with _lock:
        for kind, tally in list(_let_go.items()):
            for _ in range(tally.number - _sent[kind]):
                _sent[kind] += 1
                count(kind, Outcome.HANDLED)


def _in_child() -> None:
    # What the parent counted, the parent reports; another thread of it may have held the lock.
    global _lock
    _lock = threading.Lock()
    _let_go.clear()
    _sent.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def add_handled(kind: Kind, number: int) -> None:
    """Count *number* exceptions that were handled."""
    if _counter is not None:
        counted = of_raised(*kind, Outcome.HANDLED, swallowed=True)
        with call_guard:
            _counter.add(number, counted)


def kind_of(error: BaseException, event: Attributes, known: Collection[Kind] | None = None) -> Kind:
    """The kind that *error*, with its *event*, counts as; bounded by the kinds *known*, if any."""
    origin, model = str(event[keys.EXCEPTION_ORIGIN]), event.get(keys.EXCEPTION_MODEL_NAME)
    kind = (origin, str(model) if model else None, type_name(error))
    if known is None or kind in known or len(known) < LIMIT:
        return kind
    return (origin, None, keys.OTHER)


def _observed(_: CallbackOptions) -> Iterable[Observation]:
    """The lines of the manifests in use; read at the first collection."""
    global _deployed
    with guard:
        _count_let_go()
    with guard:
        if annotator := state.annotator():
            resolver = annotator.resolver
            if _deployed is None or _deployed[0] is not resolver:
                _deployed = (resolver, list(_observations(_lines(resolver.manifests))))
            return _deployed[1]
    return []


def _lines(manifests: Iterable[Manifest]) -> Lines:
    """Count a file that two manifests hold, of a package and of its repository, once."""
    seen: set[tuple[str, str]] = set()
    found: Lines = Counter()
    for manifest in manifests:
        names = [(entry.import_path, entry.hash) for entry in manifest.entries]
        new = [e for e, name in zip(manifest.entries, names, strict=True) if name not in seen]
        seen.update(names)
        found.update(_tally(manifest, new))
    return found


def _tally(manifest: Manifest, entries: Iterable[Entry]) -> Lines:
    lines: Lines = Counter()
    for entry in entries:
        try:
            lines.update(manifest.tally([entry]))
        except ManifestError as error:
            warn("manifest-unreadable", f"{error}; its lines are not counted", about=manifest.path)
    return lines


def _observations(lines: Lines) -> Iterator[Observation]:
    ranked = lines.most_common()
    rest: Lines = Counter()
    for (origin, _, strength), number in ranked[LIMIT:]:
        rest[origin, keys.OTHER, strength] += number
    for kind, number in [*ranked[:LIMIT], *rest.items()]:
        yield Observation(number, of_lines(*kind))
