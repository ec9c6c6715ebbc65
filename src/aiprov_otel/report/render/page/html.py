"""The report as one HTML file that needs no other."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.render.page.coverage import coverage
from aiprov_otel.report.render.page.excess import excess
from aiprov_otel.report.render.page.failures import errors, failures
from aiprov_otel.report.render.page.functions import functions
from aiprov_otel.report.render.page.latency import latency
from aiprov_otel.report.render.page.markup import Content, Markup, join, tag
from aiprov_otel.report.render.page.origins import origins
from aiprov_otel.report.render.page.over_time import over_time
from aiprov_otel.report.render.page.routes import routes
from aiprov_otel.report.render.page.verdict import verdict

if TYPE_CHECKING:
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.report.report import Report

REFRESH: Final = 10
"""The interval in seconds at which a served page refreshes itself."""

_TITLES: Final = {
    "verdict": "Verdict",
    "origins": "Shares",
    "over-time": "Over time",
    "latency": "Latency",
    "routes": "Routes",
    "excess": "Excess",
    "functions": "Functions",
    "errors": "Errors",
    "failures": "Failing requests",
    "limits": "Limits",
}
"""The sections in the navigation."""


def render_page(
    report: Report, manifest: Manifest | None, *, made: datetime, served: bool = False
) -> str:
    """
    Renders *report*, which was *made* at that time, with stacks annotated from *manifest*.

    A *served* page requests its own address to refresh itself; any other page requests nothing.
    """
    sections = {
        "verdict": verdict(report),
        "origins": origins(report),
        "over-time": over_time(report),
        "latency": latency(report),
        "routes": routes(report),
        "excess": excess(report),
        "functions": functions(report),
        "errors": errors(report),
        "failures": failures(report, manifest),
        "limits": coverage(report),
    }
    names = [name for name, content in sections.items() if content]
    return _document(list(sections.values()), names, made=made, served=served)


def render_empty_page(reason: str, *, made: datetime) -> str:
    """Renders the page that is served while there is nothing to report, with the *reason*."""
    return _document(tag("p", reason, class_="verdict"), (), made=made, served=True)


def _document(content: Content, sections: Iterable[str], *, made: datetime, served: bool) -> str:
    style, script = _asset("page.css"), _asset("page.js")
    links = [tag("li", tag("a", _TITLES[name], href=f"#{name}")) for name in sections]
    return Template(_asset("page.html")).substitute(
        policy=_policy(style, script, served=served),
        style=style,
        script=script,
        navigation=tag("ul", links) if links else "",
        made=made.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        refresh=_refresh() if served else "",
        content=join(content),
    )


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str, *, served: bool) -> str:
    """The Content Security Policy: nothing but the page's own style and script."""
    rules = [
        "default-src 'none'",
        f"style-src {_hash(style)}",
        f"script-src {_hash(script)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        *["connect-src 'self'"] * served,
    ]
    return "; ".join(rules)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _refresh() -> Markup:
    box = tag("input", type="checkbox", id="refresh", checked=True, data_seconds=REFRESH)
    return tag("p", tag("label", box, f" refresh every {REFRESH} s"), " ", tag("output", id="news"))
