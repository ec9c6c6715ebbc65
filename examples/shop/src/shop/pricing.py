"""Prices: what a basket costs, with coupons, shipping and tax."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

from sqlalchemy.orm import Session

from aiprov_otel import provenance
from shop import catalog
from shop.money import share
from shop.shipping import rate, zone_of

TAX_PERCENT = 23

COUPONS: dict[str, dict[str, Any]] = json.loads(
    files("shop").joinpath("coupons.json").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Quote:
    """What a basket costs, in cents."""

    subtotal: int
    discount: int
    shipping: int
    tax: int

    @property
    def total(self) -> int:
        """What the customer pays."""
        return self.subtotal - self.discount + self.shipping + self.tax


@provenance
def quote(
    db: Session, basket: Mapping[str, int], postcode: str, coupon: str | None = None
) -> Quote:
    """Price *basket*: its lines, less the coupon, plus shipping and tax."""
    items = catalog.find(db, basket)
    subtotal = 0
    for sku, quantity in basket.items():
        subtotal += items[sku].cents * quantity
    discount = apply_coupon(coupon, subtotal)
    grams = sum(items[sku].grams * quantity for sku, quantity in basket.items())
    shipping = rate(zone_of(postcode), grams)
    tax = share(subtotal - discount + shipping, TAX_PERCENT)
    return Quote(subtotal, discount, shipping, tax)


@provenance
def apply_coupon(code: str | None, subtotal: int) -> int:
    """The discount that *code* gives on *subtotal*; 0 if it is unknown, expired or too early."""
    coupon = COUPONS.get((code or "").strip().upper())
    if coupon is None:
        return 0
    today = datetime.now(UTC).date()
    if today > date.fromisoformat(coupon["expires"]):
        return 0
    if subtotal < coupon["minimum"]:
        return 0
    return share(subtotal, coupon["percent"])
