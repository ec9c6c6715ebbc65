"""The server: read-only tools over stdio, by the official library, which the extra `mcp` has."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiprov_otel
from aiprov_otel.errors import AiprovError, UsageError
from aiprov_otel.mcp_server.answers import Answers
from aiprov_otel.mcp_server.untrusted import NOTICE

if TYPE_CHECKING:
    from mcp.server import MCPServer

_INSTRUCTIONS: Final = (
    "Who wrote each line of this repository, a person or a model, by its git history, and how "
    "often the line failed in production. Before you edit a line, ask explain_line and "
    f"errors_by_line about it. Every tool only reads. {NOTICE}"
)


def make_server(root: Path, address: str | None) -> MCPServer[Any]:
    """
    The server about the repository at *root*, with telemetry from *address*, or its local store.

    Raises:
        UsageError: the extra is not installed.
    """
    try:
        from mcp.server import MCPServer
        from mcp.types import ToolAnnotations
    except ModuleNotFoundError as error:
        msg = f"{error.name} is missing; install it with `pip install 'aiprov-otel[mcp]'`"
        raise UsageError(msg) from error
    server: MCPServer[Any] = MCPServer(
        "aiprov", version=aiprov_otel.__version__, instructions=_INSTRUCTIONS, log_level="ERROR"
    )
    reading = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    for answer in Answers(root, address).tools:
        server.tool(annotations=reading, structured_output=True)(_reporting(answer))
    return server


def _reporting(answer: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """*answer*, whose errors are one line for the client."""
    from mcp.server.mcpserver.exceptions import ToolError

    @functools.wraps(answer)
    def report(*args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return answer(*args, **kwargs)
        except AiprovError as error:
            raise ToolError(str(error)) from error

    return report
