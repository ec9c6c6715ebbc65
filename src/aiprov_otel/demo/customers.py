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
_FOREIGN: Final = ("SW1A 1AA", "EH1 2NG", "K1A 0B1", "0150", "0662")
_NAMES: Final = ("Ada Winter", "Noor Haddad", "Piotr Zielinski", "Mei Tanaka", "Luis Ortega")
_ODD_NAMES: Final = ("Madonna", "Ana Maria Torres", "J. R. R. Hartley")
_COUPONS: Final = ("", "", "", "WELCOME", "desktidy", "SPRING25", "FREELUNCH")
_ODD_QUANTITIES: Final = (0, 10**20, 40, 160)
_QUERIES: Final = ("", "fontain pen", "blue ink bottle", "paper for rain", "brass", "desk lamp")
_GIBBERISH: Final = ("qwzx", "%%%", "0000")
_CURRENCIES: Final = ("EUR", "EUR", "PLN", "NOK")
_SORTS: Final = ("sku", "price", "weight")
_SLOTS: Final = ("morning", "noon", "afternoon", "9-11")
_STREETS: Final = ("Mill Lane 5", "Harbor Road 12b", "Old Market 1")
_PHONES: Final = ("+48 22 123 45 67", "0351 21 112 233", "+47 22 11 22 33")
_NOTES: Final = ("", "", "Happy birthday!", "Für Oma")
_LANGUAGES: Final = ("en", "en", "pl", "pt", "no")
_REASONS: Final = ("D", "W", "L", "N")
_SELDOM: Final = 0.014
"""How often a field of a request has a value that its author did not expect."""

_ROW: Final[Mapping[str, tuple[Sequence[Any], Sequence[Any]]]] = {
    "code": (("BK-104", "PN-017", "IN-230", "DK-008", "LP-311"), ("ZZ-100", "BK-A12")),
    "stock": (("40 pcs", "120pcs", "7 pcs"), ("ca. 40", "many")),
    "delivery": (("3-5 days", "2 days", "5-10 days"), ("asap", "")),
    "cost": ((420, 1150, 2600), (800,)),
    "advised": ((690, 1990, 4800), (0,)),
    "name": (("Pocket notebook black", "Blue ink bottle", "Desk lamp white"), ("Red", "Brass pen")),
    "price": (("12.50", "EUR 8", "EUR 24.95"), ("on request", "12,50")),
    "weight": (("450 g", "1.2 kg", "80 g"), ("450", "1 lb")),
    "pack": (("6 x 20", "1 x 12", "10x5"), ("box", "2 x 3 x 4")),
    "size": (("148x210", "A5", "A4", "60x90"), ("A3+", "large")),
    "barcode": (("4006381333931", "5901234123457"), ("n/a", "")),
    "since": (("2026-11-30", "2026-12-15"), ("01.12.2026", "spring")),
    "country": (("DE", "IT", "JP", "pl"), ("UK", "")),
    "tiers": (("10:3", "10:3, 50:8"), ("", "10 for 9")),
    "text": (("Sewn, lies flat. Ninety-six pages.", "Dries fast."), ("New", "see catalog")),
}
"""The fields of a supplier's row: as most write them, and as some do."""

_MESSY: Final = 0.036
"""How often a supplier writes a field differently."""


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request of the plan.

    Attributes:
        method: GET or POST.
        path: may contain `{order}`, an order that was placed before, and `{today}`.
        body: the JSON to send; a refund has its items besides.
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
        query = self._mostly(_QUERIES, _GIBBERISH, odd=0.02)
        page = 1 if query else self.chance.choices((1, 2, 3, 4), (50, 30, 19, 1))[0]
        currency, sort = self._seldom(_CURRENCIES, "USD"), self._seldom(_SORTS, "name")
        options = f"page={page}&currency={currency}&sort={sort}"
        return Request("GET", f"/catalog?query={quote(query)}&{options}")

    def ask(self) -> Request:
        return Request("POST", "/quote", self._basket())

    def buy(self) -> Request:
        name = self._mostly(_NAMES, _ODD_NAMES, odd=0.03)
        to = {"name": name, "address": self._seldom(_STREETS, "The Old Mill")}
        to |= {"phone": self._seldom(_PHONES, "22-123-45"), "note": self._seldom(_NOTES, "🎉")}
        return Request("POST", "/orders", self._basket() | to)

    def look_up(self) -> Request:
        language = self._seldom(_LANGUAGES, "de")
        return Request("GET", f"/orders/{{order}}?lang={language}", earlier=self.chance.random())

    def send_back(self) -> Request:
        returned = self.chance.choice(self.skus) if self.chance.random() < 0.03 else None
        body = {"reason": self._seldom(_REASONS, "X")}
        path = "/orders/{order}/refund"
        return Request("POST", path, body, self.chance.random(), returned)

    def close_the_books(self) -> Request:
        # On the first of January 2021 the shop had no orders.
        day = self._mostly(("{today}",), ("2021-01-01",), odd=0.03)
        week, target = self._seldom(("2026-W47",), "47"), self._seldom(("500000",), "0")
        opening = self._seldom(("00:00",), "24:00")
        options = f"week={week}&target={target}&opening={opening}"
        return Request("GET", f"/reports/daily?day={day}&{options}")

    def offer(self) -> Request:
        row = {
            field: self.chance.choice(odd if self.chance.random() < _MESSY else usual)
            for field, (usual, odd) in _ROW.items()
        }
        return Request("POST", "/feeds", row)

    def _basket(self) -> dict[str, Any]:
        wanted = self.chance.sample(self.skus, self.chance.randint(1, 3))
        items = {sku: self.chance.randint(1, 3) for sku in wanted}
        if self.chance.random() < 0.02:
            items[wanted[0]] = self.chance.choice(_ODD_QUANTITIES)
        return {
            "items": items,
            "postcode": self._mostly(_POSTCODES, _FOREIGN, odd=0.04),
            "coupon": self._mostly(_COUPONS, ("STAFF",), odd=0.015),
            "slot": self._seldom(_SLOTS, "evening"),
            "pickup": self._seldom(("17:00", "18:30"), "noon"),
        }

    def _seldom(self, usual: Sequence[str], unusual: str) -> str:
        return self._mostly(usual, (unusual,), odd=_SELDOM)

    def _mostly(self, usual: Sequence[str], unusual: Sequence[str], *, odd: float) -> str:
        return self.chance.choice(unusual if self.chance.random() < odd else usual)


_MIX: Final[Mapping[Callable[[_Customers], Request], int]] = {
    _Customers.browse: 17,
    _Customers.ask: 14,
    _Customers.buy: 17,
    _Customers.look_up: 13,
    _Customers.send_back: 9,
    _Customers.close_the_books: 8,
    _Customers.offer: 25,
}


def _skus() -> list[str]:
    items = files("aiprov_otel.demo").joinpath("data", "src", "shop", "items.csv")
    with items.open(encoding="utf-8") as file:
        return [row["sku"] for row in csv.DictReader(file)]
