"""Pyramid."""

import harness

harness.start()

import work
from opentelemetry.instrumentation.pyramid import PyramidInstrumentor
from pyramid.config import Configurator
from pyramid.response import Response
from werkzeug.test import Client

PyramidInstrumentor().instrument()


def do(request):
    work.WORK[request.matchdict["name"]]()
    return Response("")


def returned_500(request):
    return Response("failed", 500)


def refuse(error, request):
    return Response("wrong", 422)


with Configurator() as config:
    config.add_route("case", "/cases/{name}")
    config.add_view(do, route_name="case")
    config.add_route("returned", "/returned-500")
    config.add_view(returned_500, route_name="returned")
    config.add_exception_view(refuse, context=work.Wrong)
client = Client(config.make_wsgi_app())
harness.run(
    {name: lambda name=name: client.get(f"/cases/{name}") for name in work.FEW}
    | {"returned_500": lambda: client.get("/returned-500")}
)
