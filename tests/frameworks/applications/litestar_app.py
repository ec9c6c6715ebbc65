"""A Litestar application."""

import stock
from litestar import Controller, Litestar, Response, get, post


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


class Odd(Exception):
    """An exception with a status that is none."""

    status_code = None


@get("/odd")
async def odd() -> str:
    raise Odd


def answer_odd(_: object, __: Odd) -> Response[str]:
    return Response("odd", status_code=418)


app = Litestar([item, add_item, Shelf, fail, odd], exception_handlers={Odd: answer_odd})
