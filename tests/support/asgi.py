"""Requests to an ASGI application, without a server or a client library."""

from __future__ import annotations

import asyncio
from typing import Any


def request(app: Any, path: str, method: str = "GET") -> int:
    """The status that *app* answers; what it raises is raised here."""
    sent = asyncio.run(_run(app, _scope("http", path, method), [{"type": "http.request"}]))
    statuses = (each["status"] for each in sent if each["type"] == "http.response.start")
    return int(next(statuses))


def websocket(app: Any, path: str, text: str) -> list[str]:
    """What *app* sends back when it is sent *text*."""
    told: list[dict[str, Any]] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": text},
        {"type": "websocket.disconnect", "code": 1000},
    ]
    sent = asyncio.run(_run(app, _scope("websocket", path), told))
    return [each["text"] for each in sent if each["type"] == "websocket.send"]


def _scope(kind: str, path: str, method: str | None = None) -> dict[str, Any]:
    scope = {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    if method is None:
        return {**scope, "subprotocols": []}
    return {**scope, "method": method}


async def _run(app: Any, scope: dict[str, Any], told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if told:
            return told.pop(0)
        await asyncio.Event().wait()  # the client says no more, and stays
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent
