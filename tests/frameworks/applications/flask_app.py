"""A Flask application."""

import functools

import stock
from flask import Blueprint, Flask
from flask.views import MethodView, View

app = Flask(__name__)
below = Blueprint("below", __name__, url_prefix="/below")


def decorated(view):
    @functools.wraps(view)
    def around(*args, **kwargs):
        return view(*args, **kwargs)

    return around


@app.get("/plain")
def plain():
    return "ok"


@app.get("/decorated")
@decorated
def wrapped():  # human
    return "ok"  # human


def configured(word):
    return word


app.add_url_rule("/partial", "partial", functools.partial(configured, word="x"))


@app.get("/later")
async def later():
    return "ok"


class Item(MethodView):
    def get(self):
        return "got"

    def post(self):  # human
        return "posted"  # human


class Page(View):
    def dispatch_request(self):
        return "page"


app.add_url_rule("/item", view_func=Item.as_view("item"))
app.add_url_rule("/page", view_func=Page.as_view("page"))


@below.get("/plain")
def sub():
    return "ok"


app.register_blueprint(below)


@app.get("/work")
def work():
    stock.work()
    return "ok"


@app.get("/process")
def process():
    stock.in_process()
    return "ok"


@app.get("/fail")
def failing():
    stock.fail()


@app.get("/refused")
def refused():
    return "no", 503


@app.before_request
def before():
    return None


@app.get("/stream")
def stream():
    def lines():
        stock.reckon()
        yield "a"
        yield "b"

    return lines()
