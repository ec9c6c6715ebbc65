"""A Tornado application."""

import asyncio
import functools
import sys

import stock
from tornado.ioloop import IOLoop
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler


class Plain(RequestHandler):
    def get(self):
        self.write("ok")

    def post(self):  # human
        self.write("posted")  # human


class Later(RequestHandler):
    async def prepare(self):
        await asyncio.sleep(0)

    async def get(self):
        await asyncio.sleep(0)
        self.write("ok")


def decorated(method):
    @functools.wraps(method)
    def around(*args, **kwargs):
        return method(*args, **kwargs)

    return around


class Wrapped(RequestHandler):
    @decorated
    def get(self):  # human
        self.write("ok")  # human


class Work(RequestHandler):
    async def get(self):
        await IOLoop.current().run_in_executor(None, stock.look_up)
        stock.reckon()
        stock.in_thread()


class Failing(RequestHandler):
    def get(self):
        stock.fail()


class FailingLater(RequestHandler):
    async def get(self):
        await asyncio.sleep(0)
        stock.fail()


class Talk(WebSocketHandler):
    async def on_message(self, message):  # human
        await self.write_message(message)  # human


class Stream(RequestHandler):
    async def get(self):
        self.write("a")
        await self.flush()
        self.write("b")


async def main(port):
    routes = [
        ("/plain", Plain),
        ("/later", Later),
        ("/decorated", Wrapped),
        ("/work", Work),
        ("/fail", Failing),
        ("/fail-later", FailingLater),
        ("/talk", Talk),
        ("/stream", Stream),
    ]
    Application(routes).listen(port, "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    import tornado_app

    asyncio.run(tornado_app.main(int(sys.argv[1])))
