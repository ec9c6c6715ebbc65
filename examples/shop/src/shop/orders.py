"""Orders: taking them and finding them again."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from aiprov_otel import provenance
from shop import catalog, pricing
from shop.money import display
from shop.schemas import NewOrder
from shop.tables import Line, Order


@provenance
def place(db: Session, wanted: NewOrder) -> Order:
    """Keep an order for what *wanted* names, at today's prices."""
    prices = {item.sku: item.cents for item in catalog.listing(db)}
    order = Order(
        placed_at=datetime.now(UTC),
        name=wanted.name,
        postcode=wanted.postcode,
    )
    for sku, quantity in wanted.items.items():
        line = Line(sku=sku, quantity=quantity, cents=prices[sku])
        order.lines.append(line)
    quote = pricing.quote(db, wanted.items, wanted.postcode, wanted.coupon)
    order.total = quote.total
    spread_discount(order.lines, quote.discount)
    db.add(order)
    db.commit()
    return order


def find(db: Session, number: int) -> Order | None:
    """The order with this number."""
    order = db.get(Order, number)
    return order


@provenance
def spread_discount(lines: Sequence[Line], discount: int) -> None:
    """Give each line its part of *discount*, by its price; the last cents go to the first lines."""
    whole = sum(line.cents * line.quantity for line in lines)
    for line in lines:
        line.discount = discount * line.cents * line.quantity // whole
    rest = discount - sum(line.discount for line in lines)
    for line in lines[:rest]:
        line.discount += 1


@provenance
def receipt(order: Order) -> list[str]:
    """The lines that are printed for the customer."""
    printed = []
    for line in order.lines:
        cents = line.cents * line.quantity
        printed.append(f"{line.quantity} x {line.sku}  {display(cents)}")
        if line.discount:
            printed.append(f"    discount  {display(-line.discount)}")
    return [*printed, f"total  {display(order.total)}"]
