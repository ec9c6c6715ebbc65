"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.render.page.carriers import carriers
from aiprov_otel.report.render.page.failures import failures, raised
from aiprov_otel.report.render.page.functions import functions
from aiprov_otel.report.render.page.latency import latency
from aiprov_otel.report.render.page.limits import limits
from aiprov_otel.report.render.page.markup import Content, Markup, joined, tag
from aiprov_otel.report.render.page.origins import origins
from aiprov_otel.report.render.page.over_time import over_time
from aiprov_otel.report.render.page.routes import routes
from aiprov_otel.report.render.page.verdict import verdict

if TYPE_CHECKING:
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.report.report import Report

REFRESH: Final = 10
"""Seconds after which a page that is served looks for news."""

_NAV: Final = {
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


def page(report: Report, manifest: Manifest | None, *, made: datetime, served: bool = False) -> str:
    """
    *report*, *made* at that time, with stacks annotated from *manifest*.

    Where the page is *served*, it asks its own address for news; else it asks for nothing at all.
    """
    sections = {
        "verdict": verdict(report),
        "origins": origins(report),
        "over-time": over_time(report),
        "latency": latency(report),
        "routes": routes(report),
        "excess": carriers(report),
        "functions": functions(report),
        "errors": raised(report),
        "failures": failures(report, manifest),
        "limits": limits(report),
    }
    there = [name for name, content in sections.items() if content]
    return _whole(list(sections.values()), there, made=made, served=served)


def nothing(reason: str, *, made: datetime) -> str:
    """The page that is served while there is nothing to report, for the *reason* that it says."""
    return _whole(tag("p", reason, class_="verdict"), (), made=made, served=True)


def _whole(content: Content, there: Iterable[str], *, made: datetime, served: bool) -> str:
    style, script = _text("page.css"), _text("page.js")
    links = [tag("li", tag("a", _NAV[name], href=f"#{name}")) for name in there]
    return Template(_text("page.html")).substitute(
        policy=_policy(style, script, served=served),
        style=style,
        script=script,
        navigation=tag("ul", links) if links else "",
        made=joined(made.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")),
        refresh=_refresh() if served else "",
        content=joined(content),
    )


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str, *, served: bool) -> str:
    """What a browser may do for the page: nothing but its own style and script."""
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
