"""Feeds: the rows of suppliers' price lists, as they type them."""

from dataclasses import dataclass
from datetime import date

from aiprov_otel import provenance
from shop.schemas import Row

SUPPLIERS = {"BK": "Papierhaus", "PN": "Stilo", "IN": "Tinta & Co", "DK": "Holzer", "LP": "Lumen"}
SHELVES = {"BK": 1, "PN": 2, "IN": 3, "DK": 5, "LP": 6}


@dataclass(frozen=True)
class Offer:
    """What a row offers, in our own terms."""

    supplier: str
    shelf: int
    stock: int
    days: int
    margin: int
    cents: int
    grams: int
    pieces: int
    millimeters: tuple[int, int]
    color: str
    barcode: bool
    available: date
    country: str
    tiers: dict[int, int]
    summary: str
    label: str


@provenance
def read(row: Row) -> Offer:
    """Read *row*."""
    return Offer(
        supplier=supplier_of(row.code),
        shelf=shelf_of(row.code),
        stock=stock_of(row.stock),
        days=days_of(row.delivery),
        margin=margin(row.cost, row.advised),
        cents=cents_of(row.price),
        grams=grams_of(row.weight),
        pieces=pieces_of(row.pack),
        millimeters=millimeters_of(row.size),
        color=color_of(row.name),
        barcode=is_barcode(row.barcode),
        available=available(row.since),
        country=country_of(row.country),
        tiers=tiers_of(row.tiers),
        summary=summary_of(row.text),
        label=short_name(row.name),
    )


@provenance
def supplier_of(code: str) -> str:
    """Who sends a row with this *code*."""
    return SUPPLIERS[code[:2]]


@provenance
def shelf_of(code: str) -> int:
    """Where the item will be: each supplier has a shelf, each hundred a board."""
    board = int(code[3:]) // 100
    return SHELVES[code[:2]] * 10 + board


@provenance
def stock_of(text: str) -> int:
    """How many there are: `40 pcs`."""
    return int(text.removesuffix("pcs"))


@provenance
def days_of(text: str) -> int:
    """The longest time of a delivery: `3-5 days`."""
    span = text.split()[0]
    return int(span.split("-")[-1])


@provenance
def margin(cost: int, advised: int) -> int:
    """What is left for us of the advised price, in percent."""
    return 100 * (advised - cost) // advised


@provenance
def cents_of(text: str) -> int:
    """The price in cents: `12.50`, `EUR 12.50`."""
    amount = text.replace("EUR", "").strip()
    whole, _, rest = amount.partition(".")
    return int(whole) * 100 + int(rest or 0)


@provenance
def grams_of(text: str) -> int:
    """The weight in grams: `450 g`, `1.2 kg`."""
    number, unit = text.split()
    factor = {"g": 1, "kg": 1000}[unit.lower()]
    return round(float(number) * factor)


@provenance
def pieces_of(text: str) -> int:
    """How many pieces a pack has: `6 x 20` is 120."""
    boxes, pieces = text.lower().split("x")
    return int(boxes) * int(pieces)


@provenance
def millimeters_of(text: str) -> tuple[int, int]:
    """Width and height: `148x210`, or the name of a format."""
    formats = {"A4": (210, 297), "A5": (148, 210), "A6": (105, 148)}
    if text.startswith("A"):
        return formats[text]
    width, height = map(int, text.split("x"))
    return width, height


@provenance
def color_of(name: str) -> str:
    """The color that *name* has in it."""
    known = ("black", "blue", "green", "red", "white", "brown", "gray")
    return [word for word in name.lower().split() if word in known][0]


@provenance
def is_barcode(text: str) -> bool:
    """Whether *text* is an EAN whose last digit is right."""
    digits = [int(digit) for digit in text]
    total = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits[:-1]))
    return (10 - total % 10) % 10 == digits[-1]


@provenance
def available(text: str) -> date:
    """From when on it can be had: `2026-11-30`."""
    return date.fromisoformat(text)


@provenance
def country_of(code: str) -> str:
    """Where it is made: `DE`."""
    countries = {"DE": "Germany", "IT": "Italy", "JP": "Japan", "PL": "Poland", "PT": "Portugal"}
    return countries[code.upper()]


@provenance
def tiers_of(text: str) -> dict[int, int]:
    """The discounts for many, in percent: `10:3, 50:8`."""
    tiers = {}
    for part in text.split(","):
        amount, percent = part.split(":")
        tiers[int(amount)] = int(percent)
    return tiers


@provenance
def summary_of(text: str) -> str:
    """The first sentence of a description."""
    return text[: text.index(".") + 1]


@provenance
def short_name(name: str) -> str:
    """A name for the label on the shelf: the first two words."""
    words = name.split()
    return f"{words[0]} {words[1]}"
