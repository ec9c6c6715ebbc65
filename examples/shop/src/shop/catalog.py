"""The catalog: what we sell."""

import csv
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from importlib.resources import files
from operator import attrgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from aiprov_otel import provenance
from shop.tables import Item

PAGE = 12


def load(db: Session) -> None:
    """Fill an empty catalog from `items.csv`."""
    if db.scalars(select(Item).limit(1)).first():
        return
    with files("shop").joinpath("items.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            words = {name: row[name] for name in ("sku", "name", "description")}
            numbers = {name: int(row[name]) for name in ("cents", "grams", "stock")}
            db.add(Item(**words, **numbers))
    db.commit()


@provenance
def listing(db: Session) -> list[Item]:
    """Every item, in the order of the printed catalog."""
    query = select(Item).order_by(Item.sku)
    items = db.scalars(query)
    return list(items)


def find(db: Session, skus: Iterable[str]) -> dict[str, Item]:
    """The items with these *skus*; those that we do not sell are missing."""
    query = select(Item).where(Item.sku.in_(skus))
    return {item.sku: item for item in db.scalars(query)}


@provenance
def page_of(items: Sequence[Item], number: int) -> Sequence[Item]:
    """Page *number* of *items*, counted from 1."""
    pages = [items[start : start + PAGE] for start in range(0, len(items), PAGE)]
    return pages[number - 1]


@provenance
def search(items: Sequence[Item], query: str) -> list[Item]:
    """The *items* that are like *query*, the most alike first; all of them without a query."""
    words = query.lower().split()
    if not words:
        return list(items)
    scored = [(_likeness(words, item), item) for item in items]
    found = [(score, item) for score, item in scored if score > 0.6]
    found.sort(key=lambda pair: pair[0], reverse=True)
    return [item for _, item in found]


def _likeness(words: Sequence[str], item: Item) -> float:
    """How well the best match of each word fits, on average, from 0 to 1."""
    text = f"{item.name} {item.description}".lower().split()
    best = [max(SequenceMatcher(None, word, other).ratio() for other in text) for word in words]
    return sum(best) / len(best)


@provenance
def in_order(items: Sequence[Item], key: str) -> list[Item]:
    """*items* by `sku`, `price` or `weight`."""
    columns = {"sku": "sku", "price": "cents", "weight": "grams"}
    return sorted(items, key=attrgetter(columns[key]))
