"""Applications on no framework: a function, an object, and middleware around them."""

import stock


async def _answer(send, status, body):
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def asgi(scope, receive, send):  # human
    if scope["type"] != "http":  # human
        return  # human
    if scope["path"] == "/fail":  # human
        stock.fail()  # human
    stock.work()  # human
    await _answer(send, 200, b"done")  # human


class Wsgi:
    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/fail":
            stock.fail()
        stock.work()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"done"]


class Middleware:
    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        return self.app(environ, start_response)


wsgi = Middleware(Wsgi())


def serve_cheroot(port):
    from cheroot.wsgi import Server

    Server(("127.0.0.1", port), wsgi).start()


def serve_gevent(port):
    from gevent.pywsgi import WSGIServer

    WSGIServer(("127.0.0.1", port), wsgi).serve_forever()


def serve_waitress(port):
    import waitress

    waitress.serve(wsgi, host="127.0.0.1", port=port)


def serve_wsgiref(port):
    from wsgiref.simple_server import make_server

    make_server("127.0.0.1", port, wsgi).serve_forever()


def serve_werkzeug(port):
    from werkzeug.serving import run_simple

    run_simple("127.0.0.1", port, wsgi, threaded=True)


def main(port):
    """Serves for ever, in a function that has a span under `mode="spans"`."""
    serve_werkzeug(port)


def main_asgi(port):
    """The same with uvicorn."""
    import uvicorn

    uvicorn.run(asgi, port=port, log_level="warning")
