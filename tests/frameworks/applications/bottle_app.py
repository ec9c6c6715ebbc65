"""A Bottle application."""

import bottle
import stock

app = bottle.Bottle()


@app.get("/item")
def item():
    stock.work()
    return "got"


@app.post("/item")
def add_item():  # human
    return "posted"  # human


@app.get("/fail")
def fail():
    stock.fail()


@app.get("/away")
def away():
    bottle.abort(410)
