"""gRPC servicers, in threads and in asyncio, without generated code."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import stock


class Stock:
    def plain(self, request, context):
        return b"ok"

    def streaming(self, request, context):  # human
        yield b"a"  # human
        yield b"b"  # human

    def collecting(self, requests, context):
        return b"".join(requests)

    def echoing(self, requests, context):  # human
        yield from requests  # human

    def work(self, request, context):
        stock.work()
        return b""

    def failing(self, request, context):
        stock.fail()

    def aborting(self, request, context):
        context.abort(grpc.StatusCode.UNAVAILABLE, "closed")


class Later:
    async def plain(self, request, context):
        await asyncio.sleep(0)
        return b"ok"

    async def streaming(self, request, context):  # human
        for word in (b"a", b"b"):  # human
            await asyncio.sleep(0)  # human
            yield word  # human

    async def collecting(self, requests, context):
        return b"".join([request async for request in requests])

    async def echoing(self, requests, context):  # human
        async for request in requests:  # human
            yield request  # human

    async def work(self, request, context):
        await asyncio.to_thread(stock.work)
        return b""

    async def failing(self, request, context):
        await asyncio.sleep(0)
        stock.fail()

    async def aborting(self, request, context):
        await context.abort(grpc.StatusCode.UNAVAILABLE, "closed")


def handlers(servicer):
    found = {
        name: grpc.unary_unary_rpc_method_handler(getattr(servicer, name))
        for name in ("plain", "work", "failing", "aborting")
    }
    found["streaming"] = grpc.unary_stream_rpc_method_handler(servicer.streaming)
    found["collecting"] = grpc.stream_unary_rpc_method_handler(servicer.collecting)
    found["echoing"] = grpc.stream_stream_rpc_method_handler(servicer.echoing)
    return (grpc.method_handlers_generic_handler("Stock", found),)


def in_threads(address):
    server = grpc.server(ThreadPoolExecutor(3))
    server.add_generic_rpc_handlers(handlers(Stock()))
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


async def in_asyncio(address):
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(handlers(Later()))
    server.add_insecure_port(address)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    import grpc_app

    kind, port = sys.argv[1:]
    if kind == "asyncio":
        asyncio.run(grpc_app.in_asyncio(f"127.0.0.1:{port}"))
    else:
        grpc_app.in_threads(f"127.0.0.1:{port}")
