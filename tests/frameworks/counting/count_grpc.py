"""gRPC."""

import harness

harness.start()

from concurrent.futures import ThreadPoolExecutor

import grpc
import work
from opentelemetry.instrumentation.grpc import GrpcInstrumentorServer

GrpcInstrumentorServer().instrument()


def do(request, context):
    try:
        work.WORK[request.decode()]()
    except work.Wrong:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "wrong")
    return b""


def returned(request, context):
    context.set_code(grpc.StatusCode.INTERNAL)
    return b""


methods = {
    "do": grpc.unary_unary_rpc_method_handler(do),
    "returned": grpc.unary_unary_rpc_method_handler(returned),
}
server = grpc.server(ThreadPoolExecutor(1))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("Shop", methods),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
    harness.run(
        {
            name: lambda name=name: channel.unary_unary("/Shop/do")(name.encode(), timeout=60)
            for name in work.FEW
        }
        | {"returned_500": lambda: channel.unary_unary("/Shop/returned")(b"", timeout=60)}
    )
server.stop(None).wait()
