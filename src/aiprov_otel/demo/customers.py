"""The shop's customers: ordinary requests, and odd ones that its authors did not expect."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote

SEED: Final = 2021

_POSTCODES: Final = ("1010", "2480", "3019", "4700", "5310", "6021", "7733", "8104", "9450")
_FOREIGN: Final = ("SW1A 1AA", "EH1 2NG", "K1A 0B1")
_NAMES: Final = ("Ada Winter", "Noor Haddad", "Piotr Zielinski", "Mei Tanaka", "Luis Ortega")
_ODD_NAMES: Final = ("Madonna", "Ana Maria Torres", "J. R. R. Hartley")
_COUPONS: Final = ("", "", "", "WELCOME", "desktidy", "SPRING25", "FREELUNCH")
_ODD_QUANTITIES: Final = (0, 10**20)
_QUERIES: Final = ("", "fontain pen", "blue ink bottle", "paper for rain", "brass", "desk lamp")
_GIBBERISH: Final = ("qwzx", "%%%", "0000")


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request of the plan.

    Attributes:
        method: GET or POST.
        path: may contain `{order}`, an order that was placed before, and `{today}`.
        body: the JSON to send.
        earlier: which of the orders placed before, from 0 (the first) to 1 (the last).
        returned: the item to send back; None for one that is in the order.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    earlier: float = 0.0
    returned: str | None = None


def plan(requests: int, seed: int = SEED) -> list[Request]:
    """A plan of *requests* requests, the same for the same *seed*."""
    chance = random.Random(seed)  # noqa: S311 (a load, no secret)
    customers = _Customers(chance, _skus())
    kinds = chance.choices(list(_MIX), weights=list(_MIX.values()), k=requests)
    return [kind(customers) for kind in kinds]


@dataclass(frozen=True, slots=True)
class _Customers:
    """The senders of the requests: usual ones, and now and then an odd one."""

    chance: random.Random
    skus: Sequence[str]

    def browse(self) -> Request:
        query = self._mostly(_QUERIES, _GIBBERISH, odd=0.05)
        page = 1 if query else self.chance.choices((1, 2, 3, 4), (50, 30, 19, 1))[0]
        return Request("GET", f"/catalog?query={quote(query)}&page={page}")

    def ask(self) -> Request:
        return Request("POST", "/quote", self._basket())

    def buy(self) -> Request:
        name = self._mostly(_NAMES, _ODD_NAMES, odd=0.08)
        return Request("POST", "/orders", {**self._basket(), "name": name})

    def look_up(self) -> Request:
        return Request("GET", "/orders/{order}", earlier=self.chance.random())

    def send_back(self) -> Request:
        returned = self.chance.choice(self.skus) if self.chance.random() < 0.08 else None
        path = "/orders/{order}/refund"
        return Request("POST", path, earlier=self.chance.random(), returned=returned)

    def close_the_books(self) -> Request:
        # On the first of January 2021 the shop had no orders.
        day = self._mostly(("{today}",), ("2021-01-01",), odd=0.15)
        return Request("GET", f"/reports/daily?day={day}")

    def _basket(self) -> dict[str, Any]:
        wanted = self.chance.sample(self.skus, self.chance.randint(1, 3))
        items = {sku: self.chance.randint(1, 3) for sku in wanted}
        if self.chance.random() < 0.02:
            items[wanted[0]] = self.chance.choice(_ODD_QUANTITIES)
        return {
            "items": items,
            "postcode": self._mostly(_POSTCODES, _FOREIGN, odd=0.04),
            "coupon": self._mostly(_COUPONS, ("STAFF",), odd=0.04),
        }

    def _mostly(self, usual: Sequence[str], unusual: Sequence[str], *, odd: float) -> str:
        return self.chance.choice(unusual if self.chance.random() < odd else usual)


_MIX: Final[Mapping[Callable[[_Customers], Request], int]] = {
    _Customers.browse: 30,
    _Customers.ask: 20,
    _Customers.buy: 20,
    _Customers.look_up: 16,
    _Customers.send_back: 8,
    _Customers.close_the_books: 6,
}


def _skus() -> list[str]:
    items = files("aiprov_otel.demo").joinpath("data", "src", "shop", "items.csv")
    with items.open(encoding="utf-8") as file:
        return [row["sku"] for row in csv.DictReader(file)]
