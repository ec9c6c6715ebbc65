"""Flask: views, hooks, error handlers, commands and contexts by decorator."""

import click
from flask import Blueprint, Flask, Response, g, jsonify, request, stream_with_context, url_for
from flask.views import MethodView

app = Flask("shop")
items = Blueprint("items", "shop", url_prefix="/items")
log = []


@app.before_request
def before():
    g.seen = request.path


@app.after_request
def after(response):
    response.headers["x-seen"] = g.seen
    return response


@app.teardown_request
def torn(error):
    log.append(repr(error))


@app.errorhandler(KeyError)
def missing(error):
    return f"no {error}", 404


@app.context_processor
def words():
    return {"word": lambda: "said"}


@app.template_filter("twice")
def twice(text):
    return text * 2


@app.get("/")
def index():
    """The first page."""
    return app.jinja_env.from_string("{{ 'a' | twice }} {{ word() }}").render(word=words()["word"])


@items.route("/<int:number>", methods=["GET", "POST"])
def item(number, *, kind="plain"):
    return jsonify(number=number, kind=kind, url=url_for(".item", number=number))


@app.route("/fails")
def fails():
    raise KeyError("x")


@app.route("/stream")
def stream():
    @stream_with_context
    def parts():
        yield request.path
        yield "end"

    return Response(parts())


@app.route("/later")
async def later():
    return "later"


class Cart(MethodView):
    init_every_request = False
    decorators = [lambda view: view]

    def get(self, name="none"):
        return f"get {name}"

    def post(self, name):
        return f"post {name}", 201


app.add_url_rule("/cart/<name>", view_func=Cart.as_view("cart"))


@app.cli.command("seed")
@click.argument("count", type=int)
def seed(count):
    """Seeds."""
    click.echo(f"seeded {count}")


app.register_blueprint(items)


def answer():
    client = app.test_client()
    log.clear()
    answers = [client.get(each) for each in ("/", "/items/3", "/fails", "/stream", "/later", "/nil")]
    answers += [client.get("/cart/a"), client.post("/cart/a"), client.post("/items/4")]
    runner = app.test_cli_runner()
    return {
        "answers": [(each.status_code, each.text, each.headers.get("x-seen")) for each in answers],
        "rules": sorted((str(each), each.endpoint) for each in app.url_map.iter_rules()),
        "views": {name: view.__name__ for name, view in app.view_functions.items()},
        "commands": [runner.invoke(args=each).output for each in (["seed", "3"], ["seed", "--help"])],
        "log": log,
    }
