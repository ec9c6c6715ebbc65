"""The receiver's routes, and what takes `/v1/traces`, `/v1/logs` and `/v1/metrics`."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from aiprov_otel.errors import StoreError
from aiprov_otel.receiver.admission import (
    RETRY_AFTER,
    Refused,
    Room,
    check_length,
    json_memory,
    read_body,
    refused_host,
)
from aiprov_otel.telemetry import otlp_json, otlp_protobuf, schema
from aiprov_otel.telemetry.store_errors import RowError

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from starlette.types import ASGIApp, Receive, Scope, Send

    from aiprov_otel.receiver.group_commit import GroupCommit
    from aiprov_otel.receiver.pages import Pages
    from aiprov_otel.telemetry.otlp import Row

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"

_THREADS: Final = 16  # requests that are decoded, or wait for the disk, at the same time
_ROWS: Final = 4096  # that are written together
_BYTES: Final = 4 * 2**20  # of their lines, as a rule
_SHORT: Final = 2**20  # bytes that are read of a body that nobody wants
_SOON: Final = 2.0  # seconds for them to come
_LINE_LIMIT: Final = 8 * 2**20  # bytes of one row
_STORED_LIMIT: Final = 2**29
"""Bytes of all rows of a request: each has its resource's attributes, so few bytes can be many."""

_ITEMS: Final = (frozenset({1}), frozenset({2}), frozenset({2}))
"""Fields of a resource's, a scope's and their own items, the same in all requests of OTLP."""

_DATA_POINTS: Final = (frozenset({5, 7, 9, 10, 11}), frozenset({1}))
"""Fields of a metric: the kinds of its data, and their points."""

_TRACES_ONLY: Final = "aiprov serve keeps traces only"
_log = logging.getLogger(__name__)


def create_app(commits: GroupCommit, room: Room, pages: Pages, listening: str) -> Starlette:
    """Returns the application, which stores spans by *commits*, for the host *listening*."""
    intake = _Intake(commits, room)
    posts = {
        "/v1/traces": intake.traces,
        "/v1/logs": intake.logs,
        "/v1/metrics": intake.metrics,
    }
    gets = {
        "/": pages.page,
        "/report.html": pages.copy,
        "/report.json": pages.document,
        "/events": pages.events,
    }
    app = Starlette(
        routes=[
            *(Route(path, _answering(post), methods=["POST"]) for path, post in posts.items()),
            *(Route(path, _answering(get), methods=["GET"]) for path, get in gets.items()),
        ],
        middleware=[Middleware(_HostCheck, listening=listening)],
        exception_handlers={HTTPException: _unknown},
    )
    app.router.redirect_slashes = False
    return app


class _HostCheck:
    """Refuses requests to a name that is not this machine's."""

    def __init__(self, app: ASGIApp, listening: str) -> None:
        self._app = app
        self._listening = listening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        app = self._app
        if reason := refused_host(headers.get("host", ""), self._listening):
            app = _refusal(Refused(HTTPStatus.FORBIDDEN, reason, close=True), _kind(headers))
        await app(scope, receive, send)


_Handler = Callable[[Request], Awaitable[Response]]


def _answering(handle: _Handler) -> _Handler:
    """*handle*, with an answer to whatever it raises."""

    async def endpoint(request: Request) -> Response:
        kind = _kind(request.headers)
        try:
            return await handle(request)
        except Refused as error:
            return _refusal(error, kind)
        except StoreError as error:
            return _refusal(_unavailable(error), kind)
        except ClientDisconnect:
            return Response()  # which is not sent to anybody
        except Exception:  # noqa: BLE001 (a connection outlives it)
            _log.exception("This request failed because of a bug in aiprov-otel; please report it")
            failed = HTTPStatus.INTERNAL_SERVER_ERROR
            return _refusal(Refused(failed, "a bug in aiprov-otel: see its log"), kind)

    return endpoint


async def _unknown(request: Request, error: Exception) -> Response:
    """The answer to a path or a method that there is not."""
    assert isinstance(error, HTTPException)
    reason = f"there is no {request.method} {request.url.path[:100]}"
    close = not await _read_away(request)
    refused = Refused(HTTPStatus(error.status_code), reason, close=close)
    return _refusal(refused, _kind(request.headers))


async def _read_away(request: Request) -> bool:
    """
    Whether all of the body came soon, and was not long.

    A connection that is closed with a part of it unread may take the answer away from the sender.
    """
    length = 0
    try:
        async with asyncio.timeout(_SOON):
            async for chunk in request.stream():
                length += len(chunk)
                if length > _SHORT:
                    return False
    except (TimeoutError, ClientDisconnect):
        return False
    return True


def _unavailable(error: StoreError) -> Refused:
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error), retry_after=RETRY_AFTER)


def _kind(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _message(message: Message, kind: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """*message* in the encoding *kind*: JSON, else protobuf."""
    if kind != JSON:
        return Response(message.SerializeToString(), status, media_type=PROTOBUF)
    from google.protobuf.json_format import MessageToJson

    return Response(MessageToJson(message, indent=None), status, media_type=JSON)


def _refusal(error: Refused, kind: str) -> Response:
    """*error* as a google.rpc.Status, as OTLP wants failures."""
    from google.rpc.status_pb2 import Status  # type: ignore[import-untyped] # it has no stubs

    response = _message(Status(message=str(error)), kind, error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.close:
        response.headers["Connection"] = "close"
    return response


class _Intake:
    """Takes OTLP requests: stores traces, and answers that the rest is not kept."""

    def __init__(self, commits: GroupCommit, room: Room) -> None:
        self._commits = commits
        self._room = room
        self._threads = CapacityLimiter(_THREADS)
        self._decoding = threading.Lock()  # one at a time: this is where memory grows

    async def traces(self, request: Request) -> Response:
        return await self._take(request, self._store)

    async def logs(self, request: Request) -> Response:
        return await self._take(request, _decline_logs)

    async def metrics(self, request: Request) -> Response:
        return await self._take(request, _decline_metrics)

    async def _take(self, request: Request, take: Callable[[bytearray, str], Message]) -> Response:
        check_length(request)
        kind = _kind(request.headers)
        if kind not in {PROTOBUF, JSON}:
            reason = f"send {PROTOBUF} or {JSON}: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason)
        async with self._room.share() as share:
            body = await read_body(request, share)
            if kind == JSON:
                await share.grow(json_memory(body))
            return await to_thread.run_sync(_answer, take, body, kind, limiter=self._threads)

    def _store(self, body: bytearray, kind: str) -> Message:
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service

        with self._decoding:
            rows = (otlp_json.json_rows if kind == JSON else otlp_protobuf.protobuf_rows)(body)
        rejected, batches = 0, _batches(rows)
        while batch := self._next(batches):
            lines, unfit = batch
            rejected += unfit + self._add(lines)
        response = service.ExportTraceServiceResponse()
        if rejected:
            response.partial_success.rejected_spans = rejected
            response.partial_success.error_message = (
                "these spans have no valid id, are malformed or too large"
            )
        return response

    def _next(self, batches: Iterator[tuple[list[bytes], int]]) -> tuple[list[bytes], int] | None:
        with self._decoding:
            return next(batches, None)

    def _add(self, lines: list[bytes]) -> int:
        """Stores *lines*, and returns how many of them the store can't take."""
        try:
            if lines:
                self._commits.add(b"".join(lines))
        except RowError:
            if len(lines) == 1:
                return 1
            half = len(lines) // 2
            return self._add(lines[:half]) + self._add(lines[half:])
        return 0


def _answer(take: Callable[[bytearray, str], Message], body: bytearray, kind: str) -> Response:
    """
    The answer of *take* to *body*.

    An error ends here, in the worker thread: anyio would hand it over in a cycle of references, in
    which its traceback keeps the body until a garbage collection.
    """
    try:
        return _message(take(body, kind), kind)
    except ValueError as error:
        return _refusal(Refused(HTTPStatus.BAD_REQUEST, str(error)), kind)
    except StoreError as error:
        return _refusal(_unavailable(error), kind)


def _batches(rows: Iterator[Row | None]) -> Iterator[tuple[list[bytes], int]]:
    """The lines of *rows* in batches, each with the number of rows that can't be stored."""
    lines: list[bytes] = []
    unfit = size = stored = 0
    for row in rows:
        line = schema.line(row) if row and stored < _STORED_LIMIT else b""
        if line and len(line) <= _LINE_LIMIT:
            lines.append(line)
            size += len(line)
            stored += len(line)
        else:
            unfit += 1
        if size >= _BYTES or len(lines) + unfit >= _ROWS:
            yield lines, unfit
            lines, unfit, size = [], 0, 0
    if lines or unfit:
        yield lines, unfit


def _decline_logs(body: bytearray, kind: str) -> Message:
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service

    response = service.ExportLogsServiceResponse()
    response.partial_success.rejected_log_records = (
        otlp_json.count(body, "resourceLogs", "scopeLogs", "logRecords")
        if kind == JSON
        else otlp_protobuf.count(body, *_ITEMS)
    )
    response.partial_success.error_message = _TRACES_ONLY
    return response


def _decline_metrics(body: bytearray, kind: str) -> Message:
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service

    response = service.ExportMetricsServiceResponse()
    response.partial_success.rejected_data_points = (
        otlp_json.count(body, "resourceMetrics", "scopeMetrics", "metrics", None, "dataPoints")
        if kind == JSON
        else otlp_protobuf.count(body, *_ITEMS, *_DATA_POINTS)
    )
    response.partial_success.error_message = _TRACES_ONLY
    return response
