"""The services that benchmarks ask: FastAPI, Flask with SQLAlchemy, and Django, one module each."""

from __future__ import annotations

_FLUSH = """
import gc

from opentelemetry import trace


def flush(*_):
    trace.get_tracer_provider().force_flush()
    # To collect what the start has left takes as long as ten requests; it would be counted on one
    # side and not on the other.
    gc.freeze()
    return "flushed"
"""

_FASTAPI = """
import sqlite3

from fastapi import FastAPI, HTTPException

app = FastAPI()
database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("create table item (id integer primary key, price integer)")
database.executemany("insert into item values (?, ?)", [(n, n * 7) for n in range(100)])


def price(item):
    return database.execute("select price from item where id = ?", (item,)).fetchone()[0]


@app.get("/items/{item}")
async def show(item: int):
    if item == 99:
        raise ValueError("sold out")
    return {"item": item, "price": price(item), "with_tax": round(price(item) * 1.19)}


@app.get("/baskets/{size}")
def basket(size: int):
    if size == 0:
        raise HTTPException(400)
    return {"total": sum(price(item) for item in range(size))}


app.get("/flush")(lambda: flush())


def main(port):
    import uvicorn

    uvicorn.run(app, port=port, log_level="critical")
"""

_WSGI = """

def main(port):
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    make_server("127.0.0.1", port, make_app(), handler_class=Quiet).serve_forever()
"""

_FLASK = """
from flask import Flask
from sqlalchemy import Integer, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.pool import StaticPool

app = Flask(__name__)
engine = create_engine("sqlite://", poolclass=StaticPool)


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"
    id = mapped_column(Integer, primary_key=True)
    price = mapped_column(Integer)


Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all(Item(id=n, price=n * 7) for n in range(1, 100))
    session.commit()


@app.get("/items/<int:item>")
def show(item):
    if item == 99:
        raise ValueError("sold out")
    with Session(engine) as session:
        return {"item": item, "price": session.get(Item, item).price}


@app.get("/baskets/<int:size>")
def basket(size):
    with Session(engine) as session:
        items = session.scalars(select(Item).where(Item.id <= size))
        return {"total": sum(item.price for item in items)}


app.get("/flush")(flush)


def make_app():
    return app
"""

# Its own settings, which the instrumentation reads before it is imported.
_DJANGO = """
from django.http import HttpResponse, JsonResponse
from django.urls import path

ALLOWED_HOSTS = ["*"]
LOGGING_CONFIG = None
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "service"
SECRET_KEY = "not one"


def show(request, item):
    if item == 99:
        raise ValueError("sold out")
    return JsonResponse({"item": item, "price": item * 7})


def basket(request, size):
    return JsonResponse({"total": sum(item * 7 for item in range(size))})


urlpatterns = [
    path("items/<int:item>", show),
    path("baskets/<int:size>", basket),
    path("flush", lambda request: HttpResponse(flush())),
]


def make_app():
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()
"""

SERVICES = {
    "FastAPI": _FLUSH + _FASTAPI,
    "Flask + SQLAlchemy": _FLUSH + _FLASK + _WSGI,
    "Django": _FLUSH + _DJANGO + _WSGI,
}
VARIABLES = {"Django": {"DJANGO_SETTINGS_MODULE": "service"}}
WELL = ("/items/3", "/items/4", "/baskets/5", "/items/12", "/items/7", "/baskets/2")
FAILING = "/items/99"
FLUSH = "/flush"
