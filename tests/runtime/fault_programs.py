"""
Small programs of an application; each is made ready, and returns what it saw when it is run.

*provenance* is the decorator, or what leaves a function as it is; *tracer* is OpenTelemetry's.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging

from opentelemetry import trace
from opentelemetry.trace import SpanKind


class Refused(Exception):
    pass


def results(provenance, tracer):
    """Functions: results and exceptions."""

    @provenance
    def total(*prices):
        return sum(prices)

    @provenance
    def refuse(price):
        if price < 0:
            raise Refused(price)
        return price

    def run():
        seen = [total(1, 2), total(3)]
        for price in (1, -1, -2):
            try:
                seen.append(refuse(price))
            except Refused as error:
                seen.append(described(error))
        return seen

    return run


def chained(provenance, tracer):
    """Exceptions through nested spans, with causes and contexts."""

    @provenance
    def inner():
        return {}["missing"]

    @provenance
    def middle():
        try:
            return inner()
        except KeyError as error:
            raise Refused("middle") from error

    @provenance
    def outer():
        with tracer.start_as_current_span("by hand"):
            try:
                return middle()
            finally:
                with contextlib.suppress(StopIteration):
                    next(iter(())) / 0

    def run():
        try:
            outer()
        except Refused as error:
            return described(error)

    return run


def generators(provenance, tracer):
    """A generator that is sent to, thrown into, closed and delegated to."""

    @provenance
    def echo():
        got = yield "first"
        try:
            got = yield got
        except Refused as error:
            got = yield described(error)
        finally:
            seen.append("left")
        return got

    @provenance
    def around():
        return (yield from echo())

    seen = []

    def run():
        running = around()
        seen.extend([next(running), running.send(1), running.throw(Refused(2))])
        try:
            running.send(3)
        except StopIteration as done:
            seen.append(done.value)
        running = echo()
        seen.extend([next(running), next(running)])
        running.close()
        return seen

    return run


def asynchronous(provenance, tracer):
    """Coroutines, an asynchronous generator, a task that fails."""

    @provenance
    async def step(number):
        await asyncio.sleep(0)
        if number == 3:
            raise Refused(number)
        return number

    @provenance
    async def steps():
        for number in range(3):
            yield await step(number)

    @provenance
    async def main():
        seen = [number async for number in steps()]
        try:
            await asyncio.create_task(step(3))
        except Refused as error:
            seen.append(described(error))
        return seen

    return lambda: asyncio.run(main())


def logged(provenance, tracer):
    """Log records, with and without an exception."""
    output = io.StringIO()
    logger = logging.getLogger(f"the program of {id(output)}")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(output))

    @provenance
    def work():
        logger.info("working", extra={"mine": 1})
        try:
            raise Refused("x")  # noqa: TRY301 (an exception that is logged)
        except Refused:
            logger.exception("refused")

    def run():
        work()
        lines = [line for line in output.getvalue().splitlines() if not line.startswith(" ")]
        return [line.removeprefix(f"{__name__}.") for line in lines]

    return run


def served(provenance, tracer):
    """A request: an entry span, a handler that a framework calls, failures and a status."""

    @provenance
    def view(number):
        with tracer.start_as_current_span("query"):
            if number == 2:
                raise Refused(number)
        return number

    def run():
        seen = []
        for number in (1, 2):
            with tracer.start_as_current_span("GET /", kind=SpanKind.SERVER) as span:
                try:
                    seen.append(called(number))
                except Refused as error:
                    span.record_exception(error)
                    span.set_status(trace.StatusCode.ERROR)
                    seen.append(described(error))
        return seen

    called = named(view)
    return run


def named(view):
    """*view*, as it is; the test puts what a framework's module makes of it here."""
    return view


def described(error):
    """What an exception is, where it came along in this file, and what it came from."""
    lines, step = [], error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == __file__:
            lines.append((step.tb_frame.f_code.co_name, step.tb_lineno))
        step = step.tb_next
    rest = [each and described(each) for each in (error.__cause__, error.__context__)]
    return type(error).__name__, error.args, lines, rest
