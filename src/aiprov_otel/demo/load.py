"""The load: requests sent to the shop, a few at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import httpx

from aiprov_otel.demo.customers import Request
from aiprov_otel.errors import AiprovError

WORKERS: Final = 3


@dataclass(slots=True)
class _Placed:
    """The orders that the shop accepted: their numbers, and one item of each."""

    orders: list[tuple[int, str]] = field(default_factory=lambda: [(1, "BK-001")])

    def pick(self, earlier: float) -> tuple[int, str]:
        return self.orders[int(earlier * (len(self.orders) - 1))]


def drive(
    address: str, requests: Sequence[Request], progress: Callable[[int], None] | None = None
) -> Counter[int]:
    """
    Sends *requests* to the shop at *address*, a few at a time; returns the answers by status.

    *progress* is called with the number of answers after each of them.

    Raises:
        AiprovError: the shop stopped answering.
    """
    try:
        return asyncio.run(_drive(address, iter(requests), progress))
    except httpx.TransportError as error:
        name = type(error).__name__
        msg = f"the shop at {address} stopped answering ({name}); start the demo again"
        raise AiprovError(msg) from error


async def _drive(
    address: str, requests: Iterator[Request], progress: Callable[[int], None] | None
) -> Counter[int]:
    answers: Counter[int] = Counter()
    placed = _Placed()

    async def work() -> None:
        for request in requests:
            answers[await _send(client, request, placed)] += 1
            if progress:
                progress(answers.total())

    # `gather` raises what fails; for an interrupted task asyncio would also print a traceback.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    # trust_env: no proxy between two processes of this machine. A connection per request,
    # because a server closes a connection whose background task failed after the answer.
    single = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=address, timeout=30, trust_env=False, limits=single
    ) as client:
        await asyncio.gather(*(work() for _ in range(WORKERS)))
    return answers


async def _send(client: httpx.AsyncClient, request: Request, placed: _Placed) -> int:
    number, sku = placed.pick(request.earlier)
    path = request.path.format(order=number, today=datetime.now(UTC).date())
    body = request.body
    if path.endswith("/refund"):
        body = {"items": {request.returned or sku: 1}, **(body or {})}
    answer = await client.request(request.method, path, json=body)
    if request.path == "/orders" and answer.status_code == httpx.codes.CREATED and body:
        placed.orders.append((answer.json()["id"], next(iter(body["items"]))))
    return answer.status_code
