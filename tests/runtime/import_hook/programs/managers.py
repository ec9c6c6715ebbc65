"""Context managers, of classes and of generators, with what is raised inside."""

import asyncio
import contextlib

log = []


@contextlib.contextmanager
def noted(name):
    log.append(f"enter {name}")
    try:
        yield name.upper()
    except KeyError as error:
        log.append(f"took {error}")
    finally:
        log.append(f"leave {name}")


@contextlib.asynccontextmanager
async def later(name):
    log.append(f"enter {name}")
    try:
        yield name.upper()
    except KeyError as error:
        log.append(f"took {error}")
    finally:
        await asyncio.sleep(0)
        log.append(f"leave {name}")


class Suppressing(contextlib.ContextDecorator):
    def __enter__(self):
        return self

    def __exit__(self, kind, error, step):
        log.append((kind and kind.__name__, step and step.tb_lineno))
        return kind is ValueError


class Resource:
    async def __aenter__(self):
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *raised):
        await asyncio.sleep(0)
        log.append(("left", raised[0] and raised[0].__name__))
        return raised[0] is OSError


@Suppressing()
def failing(kind):
    raise kind("x")


@noted("decorated")
def decorated():
    return "result"


def early():
    with noted("a") as a, noted("b") as b:
        return a + b


def broken():
    @contextlib.contextmanager
    def twice():
        yield 1
        yield 2

    try:
        with twice():
            pass
    except RuntimeError as error:
        return str(error)


def stacked():
    with contextlib.ExitStack() as stack:
        stack.enter_context(noted("one"))
        stack.callback(lambda: log.append("callback"))
        stack.enter_context(Suppressing())
        raise ValueError("stack")


async def asynchronous():
    async with later("c") as c, Resource():
        log.append(c)
        raise OSError
    async with later("d"):
        raise KeyError("d")
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(Resource())
        await stack.enter_async_context(later("e"))
    async with contextlib.aclosing(numbers()) as found:
        async for each in found:
            if each:
                break
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.sleep(1)


async def numbers():
    try:
        for each in range(9):
            yield each
    finally:
        log.append("closed")


def escaped():
    try:
        failing(TypeError)
    except TypeError as error:
        return repr(error), error.__traceback__.tb_next.tb_next.tb_lineno


def answer():
    log.clear()
    with noted("k"):
        raise KeyError("k")
    results = [early(), broken(), stacked(), failing(ValueError), escaped(), decorated()]
    asyncio.run(asynchronous())
    return results, list(log)
