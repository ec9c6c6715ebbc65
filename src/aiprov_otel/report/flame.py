"""Where the time goes: spans that are stacked by what called them, each with its self time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.report import sql

if TYPE_CHECKING:
    from aiprov_otel.report.session import Session

MOST_SPANS: Final = 40_000
"""How many spans are stacked, the latest."""

_DEEPEST: Final = 60  # levels
_SMALLEST: Final = 0.0005  # of all: what is smaller can't be seen


@dataclass(frozen=True, slots=True)
class Frame:
    """
    A box of the flame graph: all calls of one function on one way from the entry.

    Attributes:
        id: its path, `3.0.1`.
        depth: 0 for the lowest.
        begin: where it begins, a share of the whole.
        share: its width: the self time in it and above it.
        self_share: its own self time.
        ms: its width in milliseconds.
        origin: of the code; None for a span that stands for no application code.
        calls: how many spans it is.
    """

    id: str
    depth: int
    begin: float
    share: float
    self_share: float
    ms: float
    name: str
    service: str
    origin: str | None
    agent: str | None
    model: str | None
    commit: str | None
    calls: int


@dataclass(frozen=True, slots=True)
class Flame:
    """
    A flame graph.

    Attributes:
        spans: how many it stacks.
        ms: the self time of all of them, in milliseconds.
        frames: the boxes, each after the one below it.
        by_origin: the share of the self time by origin, None for no application code.
    """

    spans: int
    ms: float
    frames: tuple[Frame, ...]
    by_origin: tuple[tuple[str | None, float], ...]

    @property
    def depth(self) -> int:
        """The number of levels."""
        return max((frame.depth for frame in self.frames), default=-1) + 1


@dataclass(slots=True)
class _Node:
    calls: int = 0
    own: int = 0  # nanoseconds
    total: int = 0
    below: dict[tuple[Any, ...], _Node] = field(default_factory=dict)


def flame(session: Session) -> Flame:
    """The flame graph of the latest spans."""
    session.create(sql.CALL_TABLES[:1])
    return stack(session.query("stacked_spans", limit=MOST_SPANS))


def stack(rows: Iterable[Sequence[Any]]) -> Flame:
    """The flame graph of *rows* of `stacked_spans.sql`."""
    spans = {(row[0], row[1]): row for row in rows}
    children: dict[tuple[str, str], list[Sequence[Any]]] = defaultdict(list)
    roots = []
    for row in spans.values():
        if (row[0], row[2]) in spans and row[2] != row[1]:
            children[row[0], row[2]].append(row)
        else:
            roots.append(row)
    top = _Node()
    waiting = [(row, top, 0) for row in roots]
    while waiting:
        row, above, depth = waiting.pop()
        _, _, _, service, name, *who, begin, end = row
        node = above.below.setdefault((name, service, *who), _Node())
        below = children.get((row[0], row[1]), ())
        node.calls += 1
        node.own += max(end - begin - _covered(begin, end, below), 0)
        if depth < _DEEPEST:
            waiting += ((child, node, depth + 1) for child in below)
    _sum(top)
    whole = top.total or 1
    frames = tuple(_frames(top, whole))
    sums: dict[str | None, float] = defaultdict(float)
    _by_origin(top, sums, whole)
    by_origin = sorted(sums.items(), key=lambda item: -item[1])
    return Flame(len(spans), top.total / 1e6, frames, tuple(by_origin))


def _covered(begin: int, end: int, children: Iterable[Sequence[Any]]) -> int:
    """How much of the time from *begin* to *end* any of the *children* ran."""
    covered, reached = 0, begin
    for child in sorted(children, key=lambda row: row[-2]):
        first, last = max(child[-2], reached), min(child[-1], end)
        if last > first:
            covered += last - first
            reached = last
    return covered


def _sum(top: _Node) -> None:
    ordered = [top]
    for node in ordered:
        ordered += node.below.values()
    for node in reversed(ordered):
        node.total = node.own + sum(child.total for child in node.below.values())


def _by_origin(node: _Node, sums: dict[str | None, float], whole: int) -> None:
    waiting = list(node.below.items())
    while waiting:
        key, child = waiting.pop()
        sums[key[2]] += child.own / whole
        waiting += child.below.items()


def _frames(top: _Node, whole: int) -> Iterator[Frame]:
    """The boxes that are large enough to be seen, the largest of a level first."""
    waiting = [("", 0, 0.0, top)]
    while waiting:
        path, depth, begin, node = waiting.pop(0)
        boxes = sorted(node.below.items(), key=lambda item: (-item[1].total, str(item[0])))
        for place, (key, child) in enumerate(boxes):
            share = child.total / whole
            if share < _SMALLEST:
                break
            own = f"{path}.{place}" if path else str(place)
            name, service, origin, agent, model, commit = key
            yield Frame(
                own,
                depth,
                begin,
                share,
                child.own / whole,
                child.total / 1e6,
                name,
                service,
                origin,
                agent,
                model,
                commit,
                child.calls,
            )
            waiting.append((own, depth + 1, begin, child))
            begin += share
