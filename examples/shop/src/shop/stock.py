"""How many we have."""

from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.orm import Session

from aiprov_otel import provenance
from shop.tables import Item


@provenance
def reserve(db: Session, wanted: Mapping[str, int]) -> str | None:
    """Take *wanted* from the shelf; where there is not enough, say of what and take nothing."""
    for sku, quantity in wanted.items():
        enough = (Item.sku == sku) & (Item.stock >= quantity)
        change = update(Item).where(enough).values(stock=Item.stock - quantity)
        if not db.execute(change.returning(Item.sku)).all():
            db.rollback()
            return sku
    return None


def put_back(db: Session, returned: Mapping[str, int]) -> None:
    """Put what came back on the shelf again."""
    for sku, quantity in returned.items():
        change = update(Item).where(Item.sku == sku).values(stock=Item.stock + quantity)
        db.execute(change)
