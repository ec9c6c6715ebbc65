"""Refunds: money back, and the items back on the shelf."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from aiprov_otel import provenance
from shop import stock
from shop.tables import Order

RETURN_PERIOD = timedelta(days=30)


@provenance
def deadline(order: Order) -> datetime:
    """Until when the customer may send something back."""
    placed_at = order.placed_at.replace(tzinfo=UTC)
    return placed_at + RETURN_PERIOD


@provenance
def refusal(order: Order, returned: Mapping[str, int], now: datetime) -> str | None:
    """Say why *returned* can not go back any more, or None if it can."""
    if now > deadline(order):
        return "was bought more than 30 days ago"
    left = {line.sku: line.quantity - line.refunded for line in order.lines}
    for sku, quantity in returned.items():
        if quantity > left.get(sku, quantity):
            return f"has only {left[sku]} of {sku} left to return"
    return None


@provenance
def refund(db: Session, order: Order, returned: Mapping[str, int]) -> int:
    """Take *returned* items of *order* back and say how many cents the customer gets."""
    lines = {line.sku: line for line in order.lines}
    cents = 0
    for sku, quantity in returned.items():
        line = lines[sku]
        line.refunded += quantity
        cents += (line.cents * line.quantity - line.discount) * quantity // line.quantity
    stock.put_back(db, returned)
    db.commit()
    return cents


@provenance
def reason_of(code: str) -> str:
    """Why something comes back, for the books."""
    return {"D": "damaged", "W": "wrong item", "L": "late", "N": "not wanted"}[code]


@provenance
def drop_off(postcode: str) -> str:
    """The shop at which a customer hands a parcel back."""
    points = {"1": "Old Market", "2": "Harbor", "3": "Harbor", "4": "Mill", "5": "Mill"}
    points |= {"6": "Station", "7": "Castle", "8": "Castle", "9": "Ferry"}
    return points[postcode[0]]
