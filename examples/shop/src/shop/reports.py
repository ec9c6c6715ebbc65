"""Reports for whoever does the books."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from aiprov_otel import provenance
from shop import catalog
from shop.tables import Order


@provenance
def daily(db: Session, day: date) -> dict[str, object]:
    """What was sold on *day*."""
    orders = orders_of(db, day)
    skus = [item.sku for item in catalog.listing(db)]
    return {
        "day": day,
        "orders": len(orders),
        "hours": by_hour(orders),
        "average": sum(order.total for order in orders) // len(orders),
        "together": bought_together(orders, skus),
    }


@provenance
def by_hour(orders: Sequence[Order]) -> dict[str, int]:
    """How many orders came in during each hour that had any, `{"09:00": 4}`."""
    hours: dict[str, int] = {}
    for order in orders:
        hour = order.placed_at.strftime("%H:00")
        hours[hour] = hours.get(hour, 0) + 1
    return dict(sorted(hours.items()))


def orders_of(db: Session, day: date) -> Sequence[Order]:
    """The orders that were placed on *day*."""
    midnight = datetime.combine(day, time.min)
    same_day = Order.placed_at.between(midnight, midnight + timedelta(days=1))
    return db.scalars(select(Order).where(same_day)).all()


@provenance
def bought_together(orders: Sequence[Order], skus: Sequence[str]) -> tuple[str, str]:
    """The two items that most often are in the same order."""
    baskets = [{line.sku for line in order.lines} for order in orders]
    pairs = {}
    for one in skus:
        for other in skus:
            if one < other:
                pairs[one, other] = sum({one, other} <= basket for basket in baskets)
    return max(pairs, key=lambda pair: pairs[pair])


@provenance
def busiest(hours: Mapping[str, int], opening: str) -> str:
    """The hour with most orders, from *opening* on, `09:00`."""
    later = {hour: number for hour, number in hours.items() if hour >= opening}
    return max(later, key=lambda hour: later[hour])


@provenance
def week_of(text: str) -> int:
    """The number of the week that the books are of: `2026-W47`."""
    _, week = text.split("-W")
    return int(week)


@provenance
def target_share(total: int, target: int) -> int:
    """How much of the day's *target* was sold, in percent."""
    return 100 * total // target
