"""The service: one function a route."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException
from sqlalchemy.orm import Session

from aiprov_otel import provenance
from shop import (
    catalog,
    database,
    delivery,
    feeds,
    loyalty,
    money,
    orders,
    pickups,
    pricing,
    rates,
    refunds,
    reports,
    schemas,
    shipping,
    stock,
    tables,
)

Database = Annotated[Session, Depends(database.session)]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Have the tables, the catalog and a carrier ready before the first request."""
    database.create()
    with database.sessions() as db:
        catalog.load(db)
    with rates.running(os.environ.get("SHOP_CARRIER")) as address:
        shipping.carrier.base_url = address
        yield


app = FastAPI(title="shop", lifespan=lifespan)


@app.get("/catalog")
def browse(
    db: Database, query: str = "", page: int = 1, currency: str = "EUR", sort: str = "sku"
) -> list[schemas.Item]:
    """A page of what we sell, or of what is like *query*."""
    money.convert(100, currency)
    items = catalog.search(catalog.in_order(catalog.listing(db), sort), query)
    return [schemas.Item.model_validate(item) for item in catalog.page_of(items, page)]


@app.post("/quote")
def quote(db: Database, basket: schemas.Basket) -> schemas.Quote:
    """What a basket would cost."""
    _refuse_unknown(db, basket)
    delivery.slot_of(basket.slot)
    delivery.leaves_today(basket.pickup, datetime.now(UTC))
    priced = pricing.quote(db, basket.items, basket.postcode, basket.coupon)
    return schemas.Quote.model_validate(priced)


@app.post("/orders", status_code=201)
def order(db: Database, wanted: schemas.NewOrder, background: BackgroundTasks) -> schemas.Placed:
    """Buy a basket."""
    _refuse_unknown(db, wanted)
    delivery.slot_of(wanted.slot)
    delivery.street_of(wanted.address)
    delivery.printable(wanted.note)
    with suppress(ValueError):  # drivers who can't call ring the bell
        delivery.phone_of(wanted.phone)
    missing = stock.reserve(db, wanted.items)
    if missing:
        raise HTTPException(409, f"there is not enough of {missing}")
    placed = orders.place(db, wanted)
    background.add_task(pickups.book, placed.id, placed.name, placed.postcode)
    return schemas.Placed.model_validate(placed)


@app.get("/orders/{number}")
def show(db: Database, number: int, lang: str = "en") -> schemas.Receipt:
    """An order, as its customer sees it."""
    found = _order(db, number)
    points = loyalty.points_of(found.total)
    loyalty.missing(points)
    return schemas.Receipt(
        id=found.id,
        total=found.total,
        receipt=orders.receipt(found),
        returnable_until=refunds.deadline(found),
        level=loyalty.greeting(lang, loyalty.level_of(points)),
    )


@app.post("/orders/{number}/refund")
def refund(db: Database, number: int, returned: schemas.Return) -> schemas.Refund:
    """Send items of an order back."""
    refunds.reason_of(returned.reason)
    found = _order(db, number)
    if reason := refunds.refusal(found, returned.items, datetime.now(UTC)):
        raise HTTPException(409, f"order {number} {reason}")
    refunds.drop_off(found.postcode)
    return schemas.Refund(cents=refunds.refund(db, found, returned.items))


@app.post("/feeds")
def feed(row: schemas.Row) -> feeds.Offer:
    """Take a row of a supplier's price list."""
    return feeds.read(row)


@app.get("/reports/daily")
def report(
    db: Database,
    day: date,
    week: str = "2026-W47",
    opening: str = "00:00",
    target: int = 500_000,
) -> dict[str, object]:
    """The day's business."""
    reports.week_of(week)
    daily = reports.daily(db, day)
    hours = reports.by_hour(reports.orders_of(db, day))
    share = reports.target_share(100 * len(hours), target)
    return daily | {"busiest": reports.busiest(hours, opening), "share": share}


def _refuse_unknown(db: Session, basket: schemas.Basket) -> None:
    known = catalog.find(db, basket.items)
    for sku in basket.items:
        if sku not in known:
            raise HTTPException(404, f"there is no item {sku}")


@provenance
def _order(db: Session, number: int) -> tables.Order:
    found = orders.find(db, number)
    if found is None:
        raise HTTPException(404, f"there is no order {number}")
    return found
