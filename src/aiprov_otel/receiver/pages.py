"""The receiver's routes for people: the page, a copy of it, the report, and news of changes."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter, to_thread
from starlette.responses import Response, StreamingResponse

from aiprov_otel.receiver.admission import RETRY_AFTER, Refused
from aiprov_otel.report.page import Place, read_copy, read_page
from aiprov_otel.report.report import build_report, runs

if TYPE_CHECKING:
    from starlette.requests import Request

    from aiprov_otel.report.code import Code
    from aiprov_otel.telemetry.store import Store

STREAMS: Final = 32
"""Pages that may wait for news at the same time."""

_THREADS: Final = 16  # pages that are requested at the same time
_RUN: Final = re.compile(r"[0-9a-f]{1,64}|all|none")
_MOST_DAYS: Final = 36_500
_NEWS_EVERY: Final = 0.25  # seconds
_SIGN_OF_LIFE: Final = 15.0  # seconds after which a silent stream sends a comment
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",  # the page has the rest of it
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    """
    The report as a page for people and as JSON for programs.

    One is made at a time. Requests for the same that come meanwhile share the next one: it is about
    a moment after they came.
    """

    def __init__(self, store: Store, code: Callable[[], Code]) -> None:
        self._store = store
        self._code = code
        self._lock = threading.Lock()
        self._made: dict[Hashable, tuple[float, Response]] = {}
        self._threads = CapacityLimiter(_THREADS)
        self._ending = threading.Event()
        self._streams = 0

    def close(self) -> None:
        """Ends the streams of news."""
        self._ending.set()

    async def page(self, request: Request) -> Response:
        """The view that the address names."""
        place = _place(request.query_params)
        return await self._respond(place, lambda: self._page(place))

    async def copy(self, _: Request) -> Response:
        """Every view, as a file that can be kept."""
        return await self._respond("copy", self._copy)

    async def document(self, _: Request) -> Response:
        """The report as JSON."""
        return await self._respond("document", self._document)

    async def events(self, _: Request) -> Response:
        """A stream of server-sent events: one for each change of the store."""
        if self._streams >= STREAMS:
            reason = "too many pages are open; close some"
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, reason, retry_after=RETRY_AFTER)
        return StreamingResponse(self._news(), media_type="text/event-stream", headers=_HEADERS)

    async def _news(self) -> AsyncIterator[str]:
        self._streams += 1
        try:
            yield "retry: 1000\n\n"
            seen, silent = self._store.changes, 0.0
            while not self._ending.is_set():
                await asyncio.sleep(_NEWS_EVERY)
                silent += _NEWS_EVERY
                if (changes := self._store.changes) != seen:
                    seen, silent = changes, 0.0
                    yield f"event: change\ndata: {changes}\n\n"
                elif silent >= _SIGN_OF_LIFE:
                    silent = 0.0
                    yield ": still here\n\n"
        finally:
            self._streams -= 1

    async def _respond(self, key: Hashable, make: Callable[[], Response]) -> Response:
        came = time.monotonic()
        return await to_thread.run_sync(self._latest, key, make, came, limiter=self._threads)

    def _latest(self, key: Hashable, make: Callable[[], Response], came: float) -> Response:
        with self._lock:
            made = self._made.get(key)
            if made is None or made[0] < came:
                self._made.clear()
                began = time.monotonic()
                self._made[key] = made = began, make()
            return made[1]

    def _page(self, place: Place) -> Response:
        from aiprov_otel.report.render.page.html import render_page

        code = self._code()
        page = read_page(self._store, place, code)
        status = HTTPStatus.NOT_FOUND if page.missing else HTTPStatus.OK
        return _html(render_page(page, code, made=datetime.now(UTC), served=True), status)

    def _copy(self) -> Response:
        from aiprov_otel.report.render.page.html import render_page

        code = self._code()
        page = read_copy(self._store, None, self._latest_run(), code)
        return _html(render_page(page, code, made=datetime.now(UTC)))

    def _document(self) -> Response:
        """About the latest run, or what came from services that no run started."""
        report = build_report(self._store, run=self._latest_run())
        text = json.dumps(report.to_json(), ensure_ascii=False)
        return Response(text, media_type="application/json; charset=utf-8", headers=_HEADERS)

    def _latest_run(self) -> str | None:
        return next(iter(runs(self._store)), None)


def _html(text: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(text, status, media_type="text/html; charset=utf-8", headers=_HEADERS)


def _place(values: Mapping[str, str]) -> Place:
    """
    What the address with these *values* shows; others are filters, which a browser applies.

    Raises:
        Refused: the run or the days are not valid.
    """
    run, days = values.get("run") or None, values.get("days")
    if run and not _RUN.fullmatch(run):
        raise Refused(HTTPStatus.BAD_REQUEST, "run is not the id of a run")
    return Place(values.get("view", "errors"), values.get("key", ""), run, _days(days))


def _days(text: str | None) -> float | None:
    if not text:
        return None
    try:
        days = float(text)
    except ValueError:
        days = inf
    if not 0 < days <= _MOST_DAYS:
        raise Refused(HTTPStatus.BAD_REQUEST, "days is not a number of days")
    return days
