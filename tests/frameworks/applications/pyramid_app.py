"""A Pyramid application."""

import stock
from pyramid.config import Configurator
from pyramid.response import Response


def item(request):
    stock.work()
    return Response("got")


class Shelf:
    def __init__(self, request):
        self.request = request

    def shown(self):  # human
        return Response("shelf")  # human


def fail(request):
    stock.fail()


def make():
    with Configurator() as config:
        for name, view, attr in (
            ("item", item, None),
            ("shelf", Shelf, "shown"),
            ("fail", fail, None),
        ):
            config.add_route(name, f"/{name}")
            config.add_view(view, route_name=name, attr=attr)
    return config.make_wsgi_app()


app = make()
