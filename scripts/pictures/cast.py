"""The functions and routes of the staged shop: who wrote them, and how they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Function:
    """A function of the shop: who wrote it, how long it takes by itself, and how it fails."""

    name: str
    path: str
    origin: str
    commit: str
    model: str = ""
    seconds: float = 0.004
    fails: float = 0.0
    error: str = ""
    line: int = 0
    lines: int = 120


_OPUS, _SONNET = "claude-opus-4-6", "claude-sonnet-4-5"
DISCOUNT: Final = (
    Function("pricing.discount", "pricing.py", "human", "4c19c4e1d0b2", seconds=0.006, lines=30),
    Function(
        "pricing.discount", "pricing.py", "ai", "9fd81c2a4b7e", _OPUS, 0.005,
        0.09, "ZeroDivisionError", 41, 34,
    ),
)  # fmt: skip
"""What the deployment replaces, and what it brings."""

_SEARCH: Final = Function(
    "catalog.search", "catalog.py", "ai", "420ccddcf1a7", _SONNET, 0.03, 0.0008, "IndexError", 47
)
_RESERVE: Final = Function(
    "stock.reserve", "stock.py", "human", "c70e5c9a1f33", "", 0.012, 0.004, "TimeoutError", 19
)
_RECEIPT: Final = Function("orders.receipt", "orders.py", "ai", "e3a1f09b77c4", _SONNET)
_REFUND: Final = Function("refunds.refund", "refunds.py", "mixed", "77d0be12c9e8", _SONNET, 0.015)
_DAILY: Final = Function("reports.daily", "reports.py", "unknown", "", "", 0.35)
ROUTES: Final = (
    ("GET /catalog", 90, Function("app.browse", "app.py", "human", "1d2f6ab0c5e9"), (_SEARCH,)),
    ("POST /quote", 30, Function("app.quote", "app.py", "ai", "420ccddcf1a7", _OPUS), (None,)),
    (
        "POST /orders", 18,
        Function("app.order", "app.py", "human", "1d2f6ab0c5e9", "", 0.02), (None, _RESERVE),
    ),
    ("GET /orders/{number}", 30, Function("app.show", "app.py", "ai", "e3a1f09b77c4", _SONNET),
     (_RECEIPT,)),
    ("POST /orders/{number}/refund", 6, Function("app.refund", "app.py", "mixed", "77d0be12c9e8",
     _SONNET), (_REFUND,)),
    ("GET /reports/daily", 2, Function("app.report", "app.py", "unknown", "", fails=0.004),
     (_DAILY,)),
)  # fmt: skip
"""Of each the name, requests a minute, the handler, and what it calls; None is what is deployed."""
