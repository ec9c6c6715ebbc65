"""What the receiver answers to each request."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import urlsplit

from aiprov_otel.errors import StoreError
from aiprov_otel.local.decode import decode
from aiprov_otel.local.report import report

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from aiprov_otel.local.store import Store

LIMIT: Final = 64 * 2**20
"""Bytes of a request, before and after it is unpacked; what the Python exporter keeps to."""

_PROTOBUF: Final = "application/x-protobuf"
_PACKED: Final = {"gzip", "deflate"}
_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}
_RETRY_AFTER: Final = "2"  # seconds
_DIGITS: Final = 20  # of a length that is worth to be read as a number


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its status, body and what stands in its header."""

    status: HTTPStatus
    body: bytes
    kind: str = _PROTOBUF
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request that gets no more than a status and the reason."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    """One connection, which may carry many requests."""

    protocol_version = "HTTP/1.1"
    server_version = "aiprov"
    sys_version = ""
    timeout = 30  # seconds until an idle connection is hung up; exporters send every few seconds
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Take a batch of telemetry."""
        self._answer(self._posted)

    def do_GET(self) -> None:
        """Show the report."""
        self._answer(self._shown)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the terminal belongs to whoever started us."""

    @property
    def _store(self) -> Store:
        return cast("Store", self.server.store)  # type: ignore[attr-defined] # the receiver's server

    def _posted(self) -> Answer:
        body = self._body()
        known = {"/v1/traces": self._traces, "/v1/logs": _logs, "/v1/metrics": _metrics}
        answer = known.get(self.path)
        if answer is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"nothing is taken at {self.path[:100]}")
        if self._header("Content-Type").partition(";")[0].strip().lower() != _PROTOBUF:
            said = f"send {_PROTOBUF}: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, said)
        return answer(_unpacked(body, self._header("Content-Encoding").strip().lower()))

    def _shown(self) -> Answer:
        if self.path != "/report.json":
            raise Refused(HTTPStatus.NOT_FOUND, "there is only /report.json")
        document = json.dumps(report(self._store).to_json(), ensure_ascii=False)
        return Answer(HTTPStatus.OK, document.encode(), "application/json; charset=utf-8")

    def _traces(self, request: bytes) -> Answer:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceResponse,
        )

        try:
            batch = decode(request)
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
        self._store.add(batch.rows)
        response = ExportTraceServiceResponse()
        if batch.rejected:
            response.partial_success.rejected_spans = batch.rejected
            response.partial_success.error_message = "a span's id or its trace's is not valid"
        return Answer(HTTPStatus.OK, response.SerializeToString())

    def _body(self) -> bytes:
        """The body, whole: what is left unread would be taken for the next request."""
        length = self._header("Content-Length")
        if not (length.isascii() and length.isdigit()):  # int() takes more: "+5", "5_0", " 5"
            self.close_connection = True
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "send a Content-Length")
        if len(length) > _DIGITS or int(length) > LIMIT:
            self.close_connection = True
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {LIMIT} bytes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            raise Refused(HTTPStatus.BAD_REQUEST, "the body is shorter than its Content-Length")
        return body

    def _answer(self, ask: Callable[[], Answer]) -> None:
        try:
            self._check_host()
            answer = ask()
        except Refused as refusal:
            answer = Answer(refusal.status, _status(str(refusal)))
        except StoreError as error:
            wait = {"Retry-After": _RETRY_AFTER}
            answer = Answer(HTTPStatus.SERVICE_UNAVAILABLE, _status(str(error)), headers=wait)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def _check_host(self) -> None:
        """Refuse a page in a browser that reached us by a name which it made point here."""
        if _hostname(self._header("Host")) not in _LOOPBACK:
            self.close_connection = True
            raise Refused(HTTPStatus.FORBIDDEN, "only requests to the loopback interface are taken")

    def _header(self, name: str) -> str:
        return self.headers.get(name) or ""


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _logs(request: bytes) -> Answer:
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service

    message = _parsed(service.ExportLogsServiceRequest, request)
    response = service.ExportLogsServiceResponse()
    response.partial_success.rejected_log_records = sum(
        len(scope.log_records) for one in message.resource_logs for scope in one.scope_logs
    )
    response.partial_success.error_message = _TRACES_ONLY
    return Answer(HTTPStatus.OK, response.SerializeToString())


def _metrics(request: bytes) -> Answer:
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service

    message = _parsed(service.ExportMetricsServiceRequest, request)
    response = service.ExportMetricsServiceResponse()
    response.partial_success.rejected_data_points = sum(
        len(getattr(metric, metric.WhichOneof("data") or "gauge").data_points)
        for one in message.resource_metrics
        for scope in one.scope_metrics
        for metric in scope.metrics
    )
    response.partial_success.error_message = _TRACES_ONLY
    return Answer(HTTPStatus.OK, response.SerializeToString())


_M = TypeVar("_M", bound="Message")
_TRACES_ONLY: Final = "aiprov serve keeps traces only"


def _parsed(kind: type[_M], request: bytes) -> _M:
    from google.protobuf.message import DecodeError

    try:
        return kind.FromString(request)
    except DecodeError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"this is no {kind.__name__}") from error


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding in {"", "identity"}:
        return body
    if encoding not in _PACKED:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "pack with gzip or deflate, or not at all")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: either of the two
    try:
        data = unpacker.decompress(body, LIMIT + 1)
    except zlib.error as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the body is no {encoding}") from error
    if len(data) > LIMIT:
        said = f"send at most {LIMIT} bytes, unpacked"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)
    if not unpacker.eof:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the {encoding} body is not whole")
    return data


def _status(message: str) -> bytes:
    """A google.rpc.Status with *message*, as OTLP wants failures."""
    from google.rpc.status_pb2 import Status  # type: ignore[import-untyped] # it has no stubs

    return bytes(Status(message=message).SerializeToString())
