"""Tornado."""

import harness

harness.start()

import asyncio
import urllib.error
import urllib.request

import work
from opentelemetry.instrumentation.tornado import TornadoInstrumentor
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, HTTPError, RequestHandler

TornadoInstrumentor().instrument()


class Work(RequestHandler):
    def get(self, name):
        try:
            work.WORK[name]()
        except work.Wrong as error:
            raise HTTPError(422) from error


class Returned(RequestHandler):
    def get(self):
        self.set_status(500)


def fetch(address):
    try:
        urllib.request.urlopen(address).close()
    except urllib.error.HTTPError as error:
        error.close()


async def ask(path):
    server = HTTPServer(Application([(r"/cases/(\w+)", Work), ("/returned-500", Returned)]))
    socket, port = bind_unused_port()
    server.add_socket(socket)
    await asyncio.to_thread(fetch, f"http://127.0.0.1:{port}{path}")
    server.stop()
    await server.close_all_connections()


harness.run(
    {name: lambda name=name: asyncio.run(ask(f"/cases/{name}")) for name in work.FEW}
    | {"returned_500": lambda: asyncio.run(ask("/returned-500"))}
)
