"""Decorated generators: everything passes through, and the context is theirs while they run."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from aiprov_otel import provenance


@pytest.fixture(autouse=True)
def installed(application):
    """Installed, with the spans in memory."""
    application.install()


def current():
    """The name of the span that is current."""
    return getattr(trace.get_current_span(), "name", None)


def echo():
    """Yield what is sent or thrown in, and return the last of it."""
    said = None
    while said != "stop":
        try:
            said = yield said
        except ValueError as error:
            said = error
    return "returned"


async def echo_later():
    said = None
    while said != "stop":
        await asyncio.sleep(0)
        try:
            said = yield said
        except ValueError as error:
            said = error


def test_send_throw_and_the_return_value_pass_through(application):
    """
    A decorated generator answers as the plain one does, to the same objects.
    """
    error = ValueError()
    for generator in (echo(), provenance(echo)()):
        assert next(generator) is None
        assert generator.send(1) == 1
        assert generator.throw(error) is error
        with pytest.raises(StopIteration) as done:
            generator.send("stop")
        assert done.value.value == "returned"
        with pytest.raises(StopIteration):
            next(generator)

    span = application.span()
    assert (span.status.status_code, span.events) == (StatusCode.UNSET, ())


def test_asend_and_athrow_pass_through(application):
    """
    So does a decorated async generator.
    """
    error = ValueError()

    async def main(generator):
        assert await anext(generator) is None
        assert await generator.asend(1) == 1
        assert await generator.athrow(error) is error
        with pytest.raises(StopAsyncIteration):
            await generator.asend("stop")
        with pytest.raises(StopAsyncIteration):
            await anext(generator)

    for generator in (echo_later(), provenance(echo_later)()):
        asyncio.run(main(generator))
    assert application.span().status.status_code is StatusCode.UNSET


def test_yield_from_goes_through(application):
    """
    A generator that delegates to a decorated one gets its value.
    """

    def around():
        return (yield from provenance(echo)())

    generator = around()
    next(generator)
    with pytest.raises(StopIteration) as done:
        generator.send("stop")
    assert done.value.value == "returned"


def closing(log):
    try:
        yield 1
    finally:
        log.append("closed")


async def closing_later(log):
    try:
        yield 1
    finally:
        await asyncio.sleep(0)
        log.append("closed")


def test_close_closes_the_generator(application):
    """
    `close()` runs the `finally` of the function, ends the span and is no failure.
    """
    log = []
    generator = provenance(closing)(log)
    next(generator)
    assert not application.spans
    generator.close()

    assert log == ["closed"]
    assert application.span().status.status_code is StatusCode.UNSET


def test_aclose_closes_the_generator(application):
    """
    `aclose()` does so too.
    """
    log = []

    async def main():
        generator = provenance(closing_later)(log)
        await anext(generator)
        await generator.aclose()

    asyncio.run(main())
    assert log == ["closed"]
    assert application.span().status.status_code is StatusCode.UNSET


def stubborn():
    while True:
        try:
            yield 1
        except GeneratorExit:
            yield 2


def test_a_generator_that_will_not_close_says_so(application):
    """
    It may answer a thrown GeneratorExit; to `close()` it is the RuntimeError of Python.
    """
    for generator in (stubborn(), provenance(stubborn)()):
        next(generator)
        assert generator.throw(GeneratorExit) == 2
        assert next(generator) == 1
        with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
            generator.close()


@pytest.mark.skipif(sys.version_info < (3, 13), reason="close() returns a value since Python 3.13")
def test_close_gives_the_return_value(application):
    """
    What the function returns when it is closed comes out.
    """

    @provenance
    def returning():
        try:
            yield 1
        except GeneratorExit:
            return 7

    generator = returning()
    next(generator)
    assert generator.close() == 7


def test_a_generator_that_is_dropped_ends_its_span(application):
    """
    Left unfinished, it is closed with its last reference, and its span ends there.
    """
    log = []
    gc.disable()
    try:
        generator = provenance(closing)(log)
        next(generator)
        del generator
    finally:
        gc.enable()

    assert log == ["closed"]
    assert application.span()


def test_a_generator_that_took_an_exception_is_dropped_too(application):
    """
    One that handled a thrown exception does not keep it, or itself, alive.
    """
    gc.disable()
    try:
        generator = provenance(echo)()
        next(generator)
        generator.throw(ValueError())
        generator.send(1)
        del generator
        assert application.span()
    finally:
        gc.enable()


def test_an_async_generator_that_is_dropped_ends_its_span(application):
    """
    Left unfinished, it is closed by its loop.
    """
    log = []

    async def main():
        async for _ in provenance(closing_later)(log):
            break
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(main())
    assert log == ["closed"]
    assert application.span()


def test_a_generator_that_never_began_has_no_span(application):
    """
    What did not run is not told.
    """
    generator = provenance(echo)()
    generator.close()

    assert not application.spans


def test_a_failure_fails_the_span(application):
    """
    What a step raises comes out as the same object, recorded once.
    """
    error = KeyError()

    @provenance
    def fail():
        yield 1
        raise error

    generator = fail()
    next(generator)
    with pytest.raises(KeyError) as raised:
        next(generator)
    assert raised.value is error
    assert len(application.span().events) == 1
    assert application.span().status.status_code is StatusCode.ERROR


def test_the_span_is_current_while_the_generator_runs(application):
    """
    Inside a step it is, between steps it is not: no token is held over a `yield`.
    """

    @provenance
    def naming():
        while True:
            yield current()

    first, second = naming(), naming()
    with application.tracer.start_as_current_span("around"):
        assert next(first).endswith("naming")
        assert current() == "around"
        assert next(second).endswith("naming")
        first.close()
        assert current() == "around"
        assert next(second).endswith("naming")
    assert current() is None
    second.close()
    assert current() is None
    around = application.spans["around"].context
    assert all(s.parent == around for s in application.memory.get_finished_spans() if s.parent)


def test_an_async_generator_s_span_is_current_while_it_runs(application):
    """
    So it is across the awaits of a step, and not in the loop that consumes it.
    """

    @provenance
    async def naming():
        while True:
            await asyncio.sleep(0)
            yield current()

    async def main():
        async for name in naming():
            assert name.endswith("naming")
            assert current() is None
            break

    asyncio.run(main())


def test_steps_may_run_in_any_context(application, caplog):
    """
    A generator may be begun in one task and finished in another, and no token is lost.
    """

    @provenance
    async def naming():
        yield current()
        yield current()

    async def main():
        generator = naming()
        for _ in range(2):
            name = await asyncio.create_task(anext_of(generator))
            assert name.endswith("naming")
        with pytest.raises(StopAsyncIteration):
            await anext(generator)

    async def anext_of(generator):
        return await anext(generator)

    asyncio.run(main())
    assert not caplog.messages
    assert application.span()


def test_a_loop_closes_an_async_generator_once():
    """
    The loop, which closes what was left in the end, knows one generator, and no error of closing.
    """
    log, errors = [], []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        left.append(provenance(closing_later)(log))
        await anext(left[0])

    for _ in range(5):  # it closes them in any order
        left: list[Any] = []
        asyncio.run(main())

    assert errors == []
    assert log == ["closed"] * 5
