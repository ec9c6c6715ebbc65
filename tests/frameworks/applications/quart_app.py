"""A Quart application."""

import stock
from quart import Quart
from quart.views import MethodView

app = Quart(__name__)


@app.before_request
async def before():
    pass


@app.get("/item")
async def item():
    stock.work()
    return "got"


@app.post("/item")
def add_item():  # human
    return "posted"  # human


class Shelf(MethodView):
    async def get(self):  # human
        return "shelf"  # human


app.add_url_rule("/shelf", view_func=Shelf.as_view("shelf"))


@app.get("/fail")
async def fail():
    stock.fail()
