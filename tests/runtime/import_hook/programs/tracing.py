"""What tracers, profilers and monitors hear: each line, call and return, in its order."""

import asyncio
import contextlib
import sys


def branches(n):
    if n > 2:
        found = "big"
    elif n:
        found = "small"
    else:
        found = "none"
    for each in range(n):
        if each == 1:
            continue
        found += str(each)
    else:
        found += "."
    while n:
        n -= 1
        if n == 1:
            break
    return found


def matched(thing):
    match thing:
        case int() if thing > 1:
            return "int"
        case [_, *_]:
            pass
        case _:
            thing = None


def handled(n):
    try:
        result = 1 / n
    except ZeroDivisionError:
        result = 0
    else:
        result += 1
    finally:
        n = None
    with contextlib.nullcontext(), contextlib.suppress(KeyError):
        raise KeyError
    return [
        result,
        *[each for each in (1, 2)],
    ]


def generator():
    got = yield 1
    if got:
        yield got
    yield from (
        2,
        3,
    )


async def inner():
    await asyncio.sleep(0)
    return 1


async def coroutine():
    first = await inner()
    async with contextlib.AsyncExitStack():
        second = await inner()
    return first + second


async def each():
    yield 1
    yield 2


async def loop():
    return [
        number
        async for number in each()
        if number
    ]


class Cart:
    """Holds."""

    size = 0

    def method(self):
        """Said."""

    @property
    def total(self):
        def nested():
            return self.size

        return nested()


named = lambda x: x + 1


def everything():
    branches(0), branches(1), branches(4)
    matched(3), matched([1]), matched("")
    handled(0), handled(2)
    made = generator()
    next(made), made.send(5), list(made)
    asyncio.run(coroutine()), asyncio.run(loop())
    Cart().method(), Cart().total, named(1)


def traced():
    heard = []

    def tracer(frame, event, arg):
        if frame.f_code.co_filename != __file__:
            return None
        if event != "exception" or arg[0] is not StopIteration:  # by which a wait ends
            heard.append((frame.f_code.co_name, event, frame.f_lineno))
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        everything()
    finally:
        sys.settrace(before)
    return heard


def profiled():
    heard = []

    def profiler(frame, event, arg):
        if frame.f_code.co_filename == __file__ and not event.startswith("c_"):
            heard.append((frame.f_code.co_name, event))

    sys.setprofile(profiler)
    try:
        everything()
    finally:
        sys.setprofile(None)
    return heard


def monitored():
    if sys.version_info < (3, 12):
        return None
    heard, monitoring = [], sys.monitoring
    tool, events = 4, monitoring.events

    def hears(name):
        def callback(code, *args):
            if code.co_filename == __file__ and code.co_name != "monitored":
                heard.append((code.co_name, name, args[0] if name == "LINE" else None))

        return callback

    names = ("LINE", "PY_START", "PY_RETURN", "PY_YIELD", "PY_RESUME")
    monitoring.use_tool_id(tool, "a test")
    for name in names:
        monitoring.register_callback(tool, getattr(events, name), hears(name))
    monitoring.set_events(tool, sum(getattr(events, name) for name in names))
    try:
        everything()
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)
    return heard


def answer():
    return traced(), profiled(), monitored()
