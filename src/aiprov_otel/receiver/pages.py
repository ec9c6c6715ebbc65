"""What a receiver shows: the report as a page for people, and as JSON for programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiprov_otel.errors import ManifestError
from aiprov_otel.receiver.answer import Answer, Refused
from aiprov_otel.report.report import build_report, why_empty
from aiprov_otel.telemetry.workdir import deployed_manifest

if TYPE_CHECKING:
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.telemetry.store import Store

PAGE: Final = "/"
DOCUMENT: Final = "/report.json"

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",  # the page says the rest
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def shown(store: Store, path: str) -> Answer:
    """
    What is at *path*.

    Raises:
        Refused: nothing is.
        StoreError: the store can't be read.
    """
    if path == PAGE:
        return _answer(_page(store), "text/html")
    if path == DOCUMENT:
        document = json.dumps(build_report(store).to_json(), ensure_ascii=False)
        return _answer(document, "application/json")
    raise Refused(HTTPStatus.NOT_FOUND, f"there is only {PAGE} and {DOCUMENT}")


def _answer(text: str, kind: str) -> Answer:
    return Answer(HTTPStatus.OK, text.encode(), f"{kind}; charset=utf-8", dict(_HEADERS))


def _page(store: Store) -> str:
    from aiprov_otel.report.render.page.html import render_empty_page, render_page

    found, now = build_report(store), datetime.now(UTC)
    if reason := why_empty(found):
        return render_empty_page(reason, made=now)
    return render_page(found, _manifest(), made=now, served=True)


def _manifest() -> Manifest | None:
    try:
        return deployed_manifest()
    except ManifestError:  # it may be written at this moment; the stacks stay plain for once
        return None
