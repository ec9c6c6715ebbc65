"""
ClickHouse as the Collector's exporter sees it: the engine is the real one (chDB), the server ours.

It speaks as much of ClickHouse's HTTP interface as clickhouse-go does: statements in the body, or
in the address with a chunked body of rows in the format Native. `support.clickhouse` is for those
who read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

_HELLO: Final = (("displayName()", "String", b"\4chDB"), ("version()", "String", b"\00625.1.1"))
_MORE: Final = (("revision()", "UInt32", bytes(4)), ("timezone()", "String", b"\3UTC"))


class Engine:
    """The database `otel`, which is being filled."""

    def __init__(self, folder: Path) -> None:
        import chdb.session  # it has no types

        make: Any = chdb.session.Session
        self._session = make()
        for statement in ("CREATE DATABASE otel ENGINE = Atomic", "USE otel"):
            self._session.query(statement)
        self._lock = threading.Lock()
        self._rows = folder / "rows.native"

    def ask(self, statement: str, form: str = "Native") -> bytes:
        """The answer to *statement*, in the format *form*."""
        with self._lock:
            return bytes(self._session.query(statement, form).bytes())

    def insert(self, statement: str, rows: bytes) -> None:
        """Put *rows* where *statement* says."""
        with self._lock:
            self._rows.write_bytes(rows)
            into = statement.removesuffix("FORMAT Native")
            self._session.query(f"{into} SELECT * FROM file('{self._rows}', Native)")

    def close(self) -> None:
        """End it."""
        self._session.close()


@contextmanager
def taking(folder: Path) -> Iterator[tuple[str, Engine]]:
    """The address of one for the exporter, and its engine."""
    engine = Engine(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer a statement, or take rows."""
            asked = parse_qs(urlsplit(self.path).query).get("query")
            body = b"".join(self._chunks())
            status, said = 200, b""
            try:
                if asked:
                    engine.insert(asked[0], body)
                else:
                    said = _answer(engine, body.decode())
            except RuntimeError as error:
                status, said = 500, str(error).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def _chunks(self) -> Iterator[bytes]:
            if length := self.headers["Content-Length"]:
                yield self.rfile.read(int(length))
                return
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/otel?compress=none", engine
        finally:
            server.shutdown()
            thread.join()
            engine.close()


def _answer(engine: Engine, statement: str) -> bytes:
    """What the engine says; to the first question, that it speaks the oldest protocol."""
    return _hello() if "revision()" in statement else engine.ask(statement)


def _hello() -> bytes:
    """A block of a new protocol: what it is, four columns and a row; each column, not sparse."""
    columns = (*_HELLO, *_MORE)
    block = b"\1\0\2\xff\xff\xff\xff\0" + bytes((len(columns), 1))
    return block + b"".join(
        bytes((len(name),)) + name.encode() + bytes((len(kind),)) + kind.encode() + b"\0" + value
        for name, kind, value in columns
    )
