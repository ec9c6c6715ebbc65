"""Coroutines, tasks, async generators: results, order, cancellation, states, what is said late."""

import asyncio
import contextvars
import gc
import inspect
import warnings

request = contextvars.ContextVar("request", default="none")
log = []


async def step(name, times=2):
    for each in range(times):
        log.append((name, each))
        await asyncio.sleep(0)
    return name


async def numbers(n):
    try:
        for each in range(n):
            await asyncio.sleep(0)
            got = yield each
            if got:
                log.append(got)
    finally:
        await asyncio.sleep(0)
        log.append("no more")


class Ticker:
    def __init__(self):
        self.left = 3

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return self.left


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "awaited"


async def cancelled():
    async def forever():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    task = asyncio.ensure_future(forever())
    await asyncio.sleep(0)
    task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError as error:
        return error.args, task.cancelled()


async def timed_out():
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)
    except TimeoutError as error:
        return type(error).__name__


async def grouped():
    async def failing(n):
        await asyncio.sleep(0)
        raise ValueError(n)

    found = []
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(failing(1))
            group.create_task(step("g"))
    except* ValueError as group:
        found.append(repr(group.exceptions))
    return found


async def variables():
    async def set_it(value):
        request.set(value)
        await asyncio.sleep(0)
        return request.get()

    return await asyncio.gather(set_it("a"), set_it("b")), request.get()


async def sent():
    made = numbers(3)
    found = [await anext(made), await made.asend("hello")]
    try:
        await made.athrow(KeyError("in"))
    except KeyError as error:
        found.append(repr(error))
    other = numbers(2)
    await anext(other)
    await other.aclose()
    return found, made.ag_running, other.ag_frame


async def comprehended():
    lists = [each async for each in numbers(3) if each]
    pairs = {each: await step("x", 0) async for each in Ticker()}
    lazily = (each async for each in Ticker())
    return lists, pairs, [each async for each in lazily]


async def looped():
    found = []
    async for each in Ticker():
        if each == 1:
            continue
        found.append(each)
    else:
        found.append("else")
    return found


def states():
    made = step("s")
    seen = [inspect.getcoroutinestate(made), inspect.iscoroutine(made), made.cr_frame.f_lineno]
    made.send(None)
    seen += [inspect.getcoroutinestate(made), made.cr_frame.f_lineno, made.cr_running]
    made.close()
    return [*seen, inspect.getcoroutinestate(made), made.cr_frame, made.__qualname__]


def never_awaited():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        step("never")
        gc.collect()
    return [str(each.message) for each in caught]


def awaited_twice():
    made = step("once", 0)
    asyncio.run(made)
    try:
        asyncio.run(made)
    except RuntimeError as error:
        return str(error)


def where():
    async def main():
        async def inner():
            return [frame.function for frame in inspect.stack()][:3]

        return await inner()

    return asyncio.run(main())


def stack_of_a_task():
    async def main():
        task = asyncio.ensure_future(step("t", 9))
        await asyncio.sleep(0)
        found = [(frame.f_code.co_name, frame.f_lineno) for frame in task.get_stack()]
        task.cancel()
        return found, task.get_coro().__qualname__

    return asyncio.run(main())


async def wrong():
    found = []
    for thing in (5, [1], step):
        try:
            await thing
        except TypeError as error:
            found.append(str(error))
    try:
        async for _ in [1]:
            pass
    except TypeError as error:
        found.append(str(error))
    try:
        async with object():
            pass
    except TypeError as error:
        found.append(str(error))
    return found


async def everything():
    return {
        "gathered": await asyncio.gather(step("a"), step("b", 3)),
        "cancelled": await cancelled(),
        "timed out": await timed_out(),
        "grouped": await grouped(),
        "variables": await variables(),
        "sent": await sent(),
        "comprehended": await comprehended(),
        "looped": await looped(),
        "awaitable": await Awaitable(),
        "thread": await asyncio.to_thread(request.get),
        "wrong": await wrong(),
    }


def answer():
    log.clear()
    found = asyncio.run(everything())
    return found | {
        "states": states(),
        "never": never_awaited(),
        "twice": awaited_twice(),
        "where": where(),
        "stack": stack_of_a_task(),
        "log": log,
    }
