"""The page as HTML that needs no other file: templates, filled in with what a `Page` holds."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from aiprov_otel.format import percent, quantity, short_hash
from aiprov_otel.report.excess import above_expected
from aiprov_otel.report.page import COPIED
from aiprov_otel.report.render import sentences, tables
from aiprov_otel.report.render.page import comparison, scale
from aiprov_otel.report.render.page.forge import commit_url
from aiprov_otel.report.render.stack import stack_lines
from aiprov_otel.report.render.text import location, milliseconds, replace_unprintable
from aiprov_otel.telemetry.extra import local_extra
from aiprov_otel.values import WITH_MODEL, Origin

if TYPE_CHECKING:
    from aiprov_otel.report.code import Code
    from aiprov_otel.report.facts import Facts
    from aiprov_otel.report.page import Page, Place

with local_extra():
    import jinja2
    from markupsafe import Markup

ORIGINS: Final = tuple(one.value for one in Origin)
"""In the order in which they are shown; each has a color."""

FILTERS: Final = ("service", "origin", "agent", "model", "commit", "outcome")
"""What rows are filtered by: attributes of a row, and keys of the page's address."""

TITLES: Final = {
    "errors": "Errors",
    "source": "Source",
    "time": "Time",
    "comparison": "Comparison",
}
"""The views that the navigation leads to."""

WINDOWS: Final = {
    "": "all, up to a million spans",
    "0.0104": "the last 15 minutes",
    "0.0417": "the last hour",
    "1": "the last day",
    "7": "the last 7 days",
    "30": "the last 30 days",
}
"""Days that a served page can be limited to, as they are in its address, and in words."""

_SCRIPTS: Final = ("address", "rows", "flame", "keys", "views", "live", "start")
"""The modules of the page's script, in the order in which they are needed."""


def render_page(page: Page, code: Code, *, made: datetime, served: bool = False) -> str:
    """
    Renders *page*, *made* at that time, with stacks annotated from the manifest of *code*.

    A *served* page requests its own address to refresh itself; any other page requests nothing.
    """
    style, script = asset("page.css"), "\n".join(asset(f"script/{name}.js") for name in _SCRIPTS)
    scope = page.place if served else None

    def link(view: str, key: str = "", **filters: str) -> str:
        return address(view, key, scope, **filters)

    def has(view: str, key: str | None) -> bool:
        return bool(key) and (
            served or any((one.name, one.key) == (view, key) for one in page.views)
        )

    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            facts=page.facts,
            repository=page.repository,
            subjects=page.subjects,
            views=page.views,
            stack=lambda text: list(stack_lines(text, code.manifest)),
            next_step=code.next_step,
            link=link,
            has=has,
            served=served,
            made=made.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
            policy=_policy(style, script, served=served),
            style=Markup(style),  # noqa: S704 (a file of ours, as the script)
            script=Markup(script),  # noqa: S704
        )
    )


def address(view: str, key: str = "", scope: Place | None = None, **filters: str) -> str:
    """The address of a *view*, with its *key*, for the run and the days of *scope*."""
    values = {
        "view": view,
        "key": key,
        "run": scope.run if scope else None,
        "days": f"{scope.days:g}" if scope and scope.days else None,
        **filters,
    }
    return (
        f"?{urlencode({name: value for name, value in values.items() if value}, errors='replace')}"
    )


def asset(name: str) -> str:
    """The text of a file beside this module."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str, *, served: bool) -> str:
    """The Content Security Policy: nothing but the page's own style and script."""
    rules = [
        "default-src 'none'",
        f"style-src {_hash(style)}",
        f"script-src {_hash(script)}",
        "img-src data:",
        "base-uri 'none'",
        f"form-action {'self' if served else 'none'!r}",
        *["connect-src 'self'"] * served,
    ]
    return "; ".join(rules)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("aiprov_otel.report.render.page", "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        tables=tables,
        sentences=sentences,
        comparison=comparison,
        multiple=scale.multiple,
        COPIED=COPIED,
        ORIGINS=ORIGINS,
        WITH_MODEL=WITH_MODEL,
        FILTERS=FILTERS,
        TITLES=TITLES,
        WINDOWS=WINDOWS,
        above_expected=above_expected,
        cells=_cells,
        commit_url=commit_url,
        pairwise=pairwise,
        enumerate=enumerate,
        zip=zip,
    )
    environment.filters.update(
        percent=percent,
        ms=milliseconds,
        short_hash=short_hash,
        place=_place,
        moment=_moment,
        duration=_duration,
        tail=_tail,
        time=_time,
        quantity=quantity,
        location=lambda row: location(row.path, row.line),
    )
    return environment


def _printable(value: Any) -> Any:
    """*value* without what could hide or steer something, unless a template made it."""
    return replace_unprintable(value) if type(value) is str else value


def _cells(columns: tables.Columns[Any]) -> list[list[Any]]:
    """The *columns*, each with those that are shown below it."""
    cells: list[list[Any]] = []
    for column in columns:
        if column.below:
            cells[-1].append(column)
        else:
            cells.append([column])
    return cells


def _place(number: float) -> str:
    """*number* as a length in a drawing, in percent."""
    return f"{number:.2f}%"


def _moment(ns: int) -> str:
    """*ns*, Unix nanoseconds, to the second."""
    return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _time(rfc3339: str, facts: Facts) -> str:
    """*rfc3339* without its zone and, where all spans of *facts* have the same, its date."""
    same_day = _moment(facts.begin)[:10] == _moment(facts.end)[:10] == rfc3339[:10]
    return rfc3339[11:19] if same_day else rfc3339[5:16].replace("T", " ")


def _tail(name: str) -> str:
    """The last two parts of a dotted *name*, which differ between functions."""
    return ".".join(name.rsplit(".", 2)[-2:]) if " " not in name else name


_UNITS: Final = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))


def _duration(ns: int) -> str:
    """*ns*, nanoseconds, in the largest unit that it has two of."""
    seconds = ns / 1e9
    for size, name in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"
