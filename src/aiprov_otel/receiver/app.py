"""What the receiver answers to each request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from aiprov_otel.errors import StoreError
from aiprov_otel.receiver import declined
from aiprov_otel.receiver.admission import BODY_LIMIT, NoRoom, refused_host, unpacked
from aiprov_otel.receiver.answer import JSON, PROTOBUF, Answer, Refused, refusal, told
from aiprov_otel.receiver.pages import shown
from aiprov_otel.telemetry import schema
from aiprov_otel.telemetry.otlp import Row
from aiprov_otel.telemetry.otlp_json import json_rows
from aiprov_otel.telemetry.otlp_protobuf import protobuf_rows

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from aiprov_otel.receiver.server import Server

_RETRY_AFTER: Final = 2  # seconds
_DIGITS: Final = 20  # of a length that is worth to be read as a number
_AT_ONCE: Final = 4096  # rows of a request that are written together
_UNPACKED: Final = 8  # what a packed body grows to, as a rule
_AS_JSON: Final = 4  # what JSON takes while it is read, compared with protobuf


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
    def _receiver(self) -> Server:
        return cast("Server", self.server)

    @property
    def _kind(self) -> str:
        return self._header("Content-Type").partition(";")[0].strip().lower()

    def _posted(self) -> Answer:
        encoding = self._header("Content-Encoding").strip().lower()
        with self._room(self._length(), encoding):
            body = self._body()
            take = self._taking()
            with self._receiver.reading:  # a few at a time: this is where bodies grow
                body = unpacked(body, encoding)
            return told(take(body, self._kind), self._kind)

    def _taking(self) -> Callable[[bytes, str], Message]:
        known = {
            "/v1/traces": self._traces,
            "/v1/logs": declined.logs,
            "/v1/metrics": declined.metrics,
        }
        if self.path not in known:
            raise Refused(HTTPStatus.NOT_FOUND, f"nothing is taken at {self.path[:100]}")
        if self._kind not in {PROTOBUF, JSON}:
            said = f"send {PROTOBUF} or {JSON}: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, said)
        return known[self.path]

    def _shown(self) -> Answer:
        return shown(self._receiver.store, self.path)

    def _traces(self, request: bytes, kind: str) -> Message:
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service

        response = service.ExportTraceServiceResponse()
        if rejected := self._stored(request, kind):
            response.partial_success.rejected_spans = rejected
            response.partial_success.error_message = "a span's id or its trace's is not valid"
        return response

    def _stored(self, request: bytes, kind: str) -> int:
        """How many spans were rejected; the others are stored."""
        try:
            with self._receiver.reading:
                found = json_rows(request) if kind == JSON else protobuf_rows(request)
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
        rejected = 0
        while some := self._next(found):
            valid = [row for row in some if row is not None]
            rejected += len(some) - len(valid)
            self._receiver.commits.add(schema.lines(valid))
        return rejected

    def _next(self, found: Iterator[Row | None]) -> list[Row | None]:
        with self._receiver.reading:
            return list(islice(found, _AT_ONCE))

    def _length(self) -> int:
        length = self._header("Content-Length")
        if not (length.isascii() and length.isdigit()):  # int() takes more: "+5", "5_0", " 5"
            self.close_connection = True
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "send a Content-Length")
        if len(length) > _DIGITS or int(length) > BODY_LIMIT:
            self.close_connection = True
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {BODY_LIMIT} bytes")
        return int(length)

    @contextmanager
    def _room(self, length: int, encoding: str) -> Iterator[None]:
        plain = encoding in {"", "identity"}
        size = length * (_AS_JSON if self._kind == JSON else 1) * (1 if plain else _UNPACKED)
        try:
            with self._receiver.room.taken(size):
                yield
        except NoRoom:
            self.close_connection = True
            said = "more arrives than can be stored; send this again later"
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, said, retry_after=_RETRY_AFTER) from None

    def _body(self) -> bytes:
        """The body, whole: what is left unread would be taken for the next request."""
        length = self._length()
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            raise Refused(HTTPStatus.BAD_REQUEST, "the body is shorter than its Content-Length")
        return body

    def _answer(self, ask: Callable[[], Answer]) -> None:
        try:
            self._check_host()
            answer = ask()
        except Refused as error:
            answer = refusal(error, self._kind)
        except StoreError as error:
            said = Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error), retry_after=_RETRY_AFTER)
            answer = refusal(said, self._kind)
        self._send(answer)

    def _check_host(self) -> None:
        if reason := refused_host(self._header("Host"), self._receiver.host):
            self.close_connection = True
            raise Refused(HTTPStatus.FORBIDDEN, reason)

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

    def _header(self, name: str) -> str:
        return self.headers.get(name) or ""
