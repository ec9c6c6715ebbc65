"""A Litestar application."""

import stock
from litestar import Controller, Litestar, get, post


@get("/item")
async def item() -> str:
    stock.work()
    return "got"


@post("/item", sync_to_thread=True)
def add_item() -> str:  # human
    return "posted"  # human


class Shelf(Controller):
    path = "/shelf"

    @get(sync_to_thread=False)
    def shown(self) -> str:  # human
        return "shelf"  # human


@get("/fail")
async def fail() -> str:
    stock.fail()
    return ""


app = Litestar([item, add_item, Shelf, fail])
