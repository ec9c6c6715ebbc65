"""The tables of the report, each described once for the terminal, Markdown and the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

from aiprov_otel.report.render.text import location, milliseconds, ratio, share
from aiprov_otel.values import WITH_MODEL

if TYPE_CHECKING:
    from aiprov_otel.report.error_groups import ErrorGroup
    from aiprov_otel.report.excess import Excess
    from aiprov_otel.report.flame import Frame
    from aiprov_otel.report.latency import Latency
    from aiprov_otel.report.report import Function
    from aiprov_otel.report.source_files import SourceSummary
    from aiprov_otel.report.trends import RatioPoint, RouteRatio, SelfTimePoint
    from aiprov_otel.report.verdict import ModelStats, OriginStats

Row = TypeVar("Row")
Row_contra = TypeVar("Row_contra", contravariant=True)


class Kind(Enum):
    """How the cells of a column are shown."""

    NUMBER = auto()
    TEXT = auto()
    CODE = auto()
    ORIGIN = auto()
    COMMIT = auto()
    PATH = auto()
    TIME = auto()
    TREND = auto()
    SHARES = auto()


@dataclass(frozen=True, slots=True)
class Column(Generic[Row_contra]):
    """
    A column of a table.

    Attributes:
        title: its heading.
        text: the cell of a row; of a commit the full hash.
        rank: the columns with the lowest are left out if a terminal is too narrow.
        kind: how its cells are shown.
        wide: whether a narrow page leaves it out.
        value: the number that a page sorts by; None to sort by text.
        below: whether a page shows it below the column before it, in the same cell.
        link: the view of the page, and its key, that a cell leads to; None for no link.
    """

    title: str
    text: Callable[[Row_contra], str]
    rank: int
    kind: Kind = Kind.NUMBER
    wide: bool = False
    value: Callable[[Row_contra], float | None] | None = None
    below: bool = False
    link: Callable[[Row_contra], tuple[str, str] | None] | None = None


Columns: TypeAlias = tuple[Column[Row_contra], ...]


def _limits(low: float | None, high: float | None, form: Callable[[float | None], str]) -> str:
    return "" if low is None else f"{form(low)} to {form(high)}"


def origin_shares(shares: Iterable[tuple[str, float]]) -> str:
    """`ai 60.0%, human 40.0%`."""
    return ", ".join(f"{origin} {share(part)}" for origin, part in shares)


def _first(names: tuple[str, ...]) -> str:
    """The first of *names*, and whether there are others."""
    return f"{names[0]}, …" if len(names) > 1 else "".join(names)


def _few(names: tuple[str | None, ...], unknown: str) -> str:
    """Up to three of *names*, and whether there are others; None reads *unknown*."""
    shown = [name or unknown for name in names[:3]]
    return ", ".join(shown + ["…"] * (len(names) > 3))


def calls(number: int | None) -> str:
    """*number* of calls, where there are spans by which to count them."""
    return "not counted" if number is None else f"{number:,}"


_STATS: Final[Columns[OriginStats]] = (
    Column("functions", lambda row: f"{row.functions:,}", 1, wide=True),
    Column("calls", lambda row: calls(row.calls or None), 8),
    Column("errors", lambda row: f"{row.errors:,}", 9),
    Column("errors per call", lambda row: share(row.error_ratio), 7),
    Column("95% limits", lambda row: _limits(row.low, row.high, share), 4, wide=True),
    Column("self p50 ms", lambda row: milliseconds(row.self_p50_ms), 5, wide=True),
    Column("self p95 ms", lambda row: milliseconds(row.self_p95_ms), 6, wide=True),
)

ORIGINS: Final[Columns[OriginStats]] = (
    Column("origin", lambda row: row.origin, 10, Kind.ORIGIN),
    *_STATS,
)

MODELS: Final[Columns[ModelStats]] = (
    Column("origin", lambda row: row.origin, 3, Kind.ORIGIN),
    Column("agent", lambda row: row.agent or "unknown", 2, Kind.TEXT, wide=True),
    Column("model", lambda row: row.model or "unknown", 10, Kind.TEXT),
    *_STATS,
)

_TYPE: Final[Column[ErrorGroup]] = Column(
    "error", lambda row: row.type, 8, Kind.TEXT, link=lambda row: ("group", row.id)
)
_RAISED_AT: Final[Column[ErrorGroup]] = Column(
    "raised at", lambda row: location(row.path, row.line) or "unknown line", 10, Kind.CODE
)
_ERRORS: Final[Column[ErrorGroup]] = Column(
    "errors", lambda row: f"{row.count:,}", 9, value=lambda row: row.count
)
_OUTCOME: Final[Column[ErrorGroup]] = Column("outcome", lambda row: row.outcome, 8, Kind.TEXT)
_ORIGIN: Final[Column[ErrorGroup]] = Column("origin", lambda row: row.origin, 7, Kind.ORIGIN)
_AGENT: Final[Column[ErrorGroup]] = Column(
    "agent", lambda row: row.agent or "", 2, Kind.TEXT, wide=True
)
_MODEL: Final[Column[ErrorGroup]] = Column(
    "model", lambda row: row.model or "", 6, Kind.TEXT, wide=True
)
_COMMIT: Final[Column[ErrorGroup]] = Column(
    "commit", lambda row: row.commit or "", 4, Kind.COMMIT, wide=True
)
_REQUEST: Final[Column[ErrorGroup]] = Column(
    "request", lambda row: _first(row.routes), 5, Kind.TEXT
)

RAISED: Final[Columns[ErrorGroup]] = (
    replace(_TYPE, title="type"),
    _RAISED_AT,
    _REQUEST,
    _ERRORS,
    _OUTCOME,
    _ORIGIN,
    _AGENT,
    _MODEL,
    _COMMIT,
)

GROUPS: Final[Columns[ErrorGroup]] = (
    _TYPE,
    Column("message", lambda row: row.message, 1, Kind.TEXT, below=True),
    replace(_REQUEST, below=True),
    replace(_RAISED_AT, kind=Kind.PATH, below=True),
    _ORIGIN,
    replace(_AGENT, wide=False, below=True),
    Column(
        "model",
        lambda row: row.model or ("model unknown" if row.origin in WITH_MODEL else ""),
        6,
        Kind.TEXT,
        below=True,
    ),
    _COMMIT,
    _ERRORS,
    Column("over time", lambda row: ", ".join(map(str, row.trend)), 0, Kind.TREND, wide=True),
    Column("first seen", lambda row: row.first, 2, Kind.TIME, wide=True),
    Column("last seen", lambda row: row.latest, 3, Kind.TIME, wide=True),
)


def _to_file(row: SourceSummary) -> tuple[str, str] | None:
    return None if row.is_folder else ("file", row.path)


FILES: Final[Columns[SourceSummary]] = (
    Column("file", lambda row: row.path, 10, Kind.PATH, link=_to_file),
    Column("origin of its lines", lambda row: origin_shares(row.origins), 8, Kind.SHARES),
    Column(
        "AI-written", lambda row: share(row.ai_share), 7, wide=True, value=lambda row: row.ai_share
    ),
    Column(
        "agents, models", lambda row: _few(row.agents, "agent unknown"), 2, Kind.TEXT, wide=True
    ),
    Column("models", lambda row: _few(row.models, "model unknown"), 4, Kind.TEXT, below=True),
    Column("newest commit", lambda row: row.newest_commit or "", 1, Kind.COMMIT, wide=True),
    Column("lines", lambda row: f"{row.lines:,}", 3, wide=True, value=lambda row: row.lines),
    Column("errors", lambda row: f"{row.errors:,}", 9, value=lambda row: row.errors),
    Column(
        "self s",
        lambda row: "" if row.self_s is None else f"{row.self_s:.3g}",
        6,
        value=lambda row: row.self_s,
    ),
    Column("tested", lambda row: share(row.covered), 5, wide=True, value=lambda row: row.covered),
)


def filled(columns: Columns[Row], rows: Sequence[Row]) -> Columns[Row]:
    """The *columns* in which any of the *rows* has a text."""
    return tuple(column for column in columns if any(map(column.text, rows)))


FUNCTIONS: Final[Columns[Function]] = (
    Column("function", lambda row: row.function, 10, Kind.CODE),
    Column("origin", lambda row: row.origin, 9, Kind.ORIGIN),
    Column("model", lambda row: row.model or "", 5, Kind.TEXT, wide=True),
    Column("commit", lambda row: row.commit or "", 2, Kind.COMMIT, wide=True),
    Column("calls", lambda row: calls(row.calls), 7, wide=True, value=lambda row: row.calls),
    Column("errors", lambda row: f"{row.errors:,}", 8, value=lambda row: row.errors),
    Column(
        "errors per call",
        lambda row: share(row.error_ratio),
        6,
        value=lambda row: row.error_ratio,
    ),
    Column(
        "limits",
        lambda row: _limits(row.low, row.high, share),
        0,
        wide=True,
        value=lambda row: row.low,
    ),
    Column(
        "self s",
        lambda row: "" if row.self_s is None else f"{row.self_s:.3g}",
        1,
        wide=True,
        value=lambda row: row.self_s,
    ),
    Column(
        "self p50 ms",
        lambda row: milliseconds(row.self_p50_ms),
        3,
        wide=True,
        value=lambda row: row.self_p50_ms,
    ),
    Column(
        "self p95 ms",
        lambda row: milliseconds(row.self_p95_ms),
        4,
        wide=True,
        value=lambda row: row.self_p95_ms,
    ),
)

SLOWEST: Final[Columns[Function]] = tuple(
    replace(column, rank=10) if column.title == "self s" else column for column in FUNCTIONS
)

LATENCY: Final[Columns[Latency]] = (
    Column("time", lambda row: row.time, 10, Kind.TEXT),
    Column("quantile", lambda row: f"p{row.quantile * 100:.0f}", 9),
    Column("AI ms", lambda row: milliseconds(row.exposed_ms), 7),
    Column("baseline ms", lambda row: milliseconds(row.baseline_ms), 6),
    Column("difference ms", lambda row: milliseconds(row.difference_ms), 8),
    Column("95% limits", lambda row: _limits(row.low, row.high, milliseconds) or "none", 5),
)

_AGE: Final[Column[Excess]] = Column(
    "age, days", lambda row: "" if row.age_days is None else f"{row.age_days:,}", 5, wide=True
)
_EXCESS_MODEL: Final[Column[Excess]] = Column(
    "model", lambda row: row.model or "", 4, Kind.TEXT, wide=True
)
_EXCESS: Final[Columns[Excess]] = (
    Column("calls", lambda row: f"{row.calls:,.0f}", 2, wide=True),
    Column("errors", lambda row: f"{row.errors:,.0f}", 8),
    Column("expected", lambda row: f"{row.expected:,.1f}", 7),
    Column("excess", lambda row: f"{row.excess:,.1f}", 9),
    Column("rough limits", lambda row: f"{row.low:,.1f} to {row.high:,.1f}", 6, wide=True),
)

EXCESS_FUNCTIONS: Final[Columns[Excess]] = (
    Column("function", lambda row: row.name or "unknown", 10, Kind.CODE),
    _EXCESS_MODEL,
    Column("commit", lambda row: row.commit or "", 3, Kind.COMMIT),
    _AGE,
    *_EXCESS,
)
EXCESS_COMMITS: Final[Columns[Excess]] = (
    Column("commit", lambda row: row.commit or "unknown", 10, Kind.COMMIT),
    _EXCESS_MODEL,
    _AGE,
    *_EXCESS,
)
EXCESS_MODELS: Final[Columns[Excess]] = (
    Column("model", lambda row: row.name or "unknown", 10, Kind.CODE),
    *_EXCESS,
)
EXCESS_EXCEPTIONS: Final[Columns[Excess]] = (
    Column("exception", lambda row: row.name or "unknown", 10, Kind.CODE),
    *_EXCESS,
)

ROUTES: Final[Columns[RouteRatio]] = (
    Column("route", lambda row: row.route, 10, Kind.TEXT),
    Column("kind", lambda row: row.kind, 3, Kind.TEXT),
    Column("service", lambda row: row.service, 2, Kind.TEXT),
    Column("AI errors", lambda row: f"{row.exposed_errors:,.0f}", 7),
    Column("AI calls", lambda row: f"{row.exposed_calls:,.0f}", 5),
    Column("baseline errors", lambda row: f"{row.baseline_errors:,.0f}", 6),
    Column("baseline calls", lambda row: f"{row.baseline_calls:,.0f}", 4),
    Column("ratio", lambda row: ratio(row.ratio), 9),
    Column("rough limits", lambda row: _limits(row.low, row.high, ratio), 8),
)

RATIO_OVER_TIME: Final[Columns[RatioPoint]] = (
    Column("begin (UTC)", lambda row: row.begin, 10, Kind.TEXT),
    Column("AI errors", lambda row: f"{row.exposed_errors:,.0f}", 7),
    Column("AI calls", lambda row: f"{row.exposed_calls:,.0f}", 5),
    Column("baseline errors", lambda row: f"{row.baseline_errors:,.0f}", 6),
    Column("baseline calls", lambda row: f"{row.baseline_calls:,.0f}", 4),
    Column("ratio", lambda row: ratio(row.ratio), 9),
)

SELF_TIME_OVER_TIME: Final[Columns[SelfTimePoint]] = (
    Column("begin (UTC)", lambda row: row.begin, 10, Kind.TEXT),
    Column("origin", lambda row: row.origin, 9, Kind.ORIGIN),
    Column("calls", lambda row: f"{row.calls:,}", 8),
    Column("self p50 ms", lambda row: milliseconds(row.self_p50_ms), 7),
    Column("self p95 ms", lambda row: milliseconds(row.self_p95_ms), 6),
)

BOXES: Final[Columns[Frame]] = (
    Column("function", lambda row: row.name, 10, Kind.CODE),
    Column("origin", lambda row: row.origin or "", 9, Kind.TEXT),
    Column("model", lambda row: row.model or "", 5, Kind.TEXT, wide=True),
    Column("spans", lambda row: f"{row.calls:,}", 4, value=lambda row: row.calls),
    Column("own time", lambda row: share(row.self_share), 8, value=lambda row: row.self_share),
    Column("with callees", lambda row: share(row.share), 7, wide=True, value=lambda row: row.share),
)
