"""What the handlers of each framework call; it fails in the ways that the cases are about."""

import asyncio
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Thread

from opentelemetry import trace

from aiprov_otel import provenance

pool = ThreadPoolExecutor(1)
tracer = trace.get_tracer("work")


class Wrong(Exception):
    """A mistake of a client."""


class Listed(Exception):
    """A failure that the policy lists."""


@provenance
def fail(error=KeyError):
    raise error("x")


@provenance
def through():
    return fail()


@provenance
def nested():
    return through()


@contextmanager
def managed():
    with tracer.start_as_current_span("managed"):
        yield


@provenance
def context_manager():
    with managed(), managed():
        fail()


@provenance
def executor():
    return pool.submit(fail).result()


@provenance
def executor_handled():
    try:
        return pool.submit(fail).result()
    except KeyError:
        return None


@provenance
async def later(error=KeyError):
    await asyncio.sleep(0)
    raise error("x")


@provenance
async def gathered():
    await asyncio.gather(later())


@provenance
async def grouped():
    async with asyncio.TaskGroup() as group:
        group.create_task(later())
        group.create_task(later(ValueError))


def tasks():
    asyncio.run(gathered())


def group():
    asyncio.run(grouped())


@provenance
def retried(times):
    for attempt in range(3):
        try:
            if attempt < times:
                fail()
        except KeyError:
            if attempt == 2:
                raise
        else:
            break


def retry():
    retried(2)


def retry_gives_up():
    retried(3)


@provenance
def numbers():
    yield 1
    fail()


def generator():
    return list(numbers())


def handled():
    try:
        nested()
    except KeyError:
        return


def converted():
    try:
        nested()
    except KeyError as error:
        fail_otherwise(error)


@provenance
def fail_otherwise(cause):
    raise ValueError("converted") from cause


@provenance
def query():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("SELECT nothing FROM nowhere")


def query_handled():
    try:
        query()
    except sqlite3.OperationalError:
        return


def call():
    """An outgoing call, with no span of the service around it."""
    with tracer.start_as_current_span("GET", kind=trace.SpanKind.CLIENT):
        raise ConnectionError("x")


def call_handled():
    try:
        call()
    except ConnectionError:
        return


def call_escaped():
    """It ends its thread; so does one that ends the process."""
    thread = Thread(target=call)
    thread.start()
    thread.join()


def wrong():
    fail(Wrong)


class Below(Listed):
    """The policy lists what is above it."""


def listed():
    fail(Below)


def logged():
    """An application that answers everything itself: the log has the exception, and no span."""
    try:
        {}["x"]
    except KeyError:
        logging.getLogger("work").exception("could not answer")


FAILING = (
    nested, context_manager, executor, tasks, group, retry_gives_up, generator, converted, query,
)  # fmt: skip
FINE = (executor_handled, retry, handled, query_handled)
WORK = {function.__name__: function for function in (*FAILING, *FINE, wrong, listed)}
FEW = ("nested", "retry_gives_up", "handled", "wrong")
MESSAGES = (*FEW, "retry")
