"""What is on the stack: callers, warnings, log records, depth, and how deep one can go."""

import asyncio
import inspect
import logging
import sys
import traceback
import warnings


def who():
    return sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno


def asking():
    return who()


def stack():
    frames = [frame for frame in inspect.stack() if frame.filename == __file__]
    return [(frame.function, frame.lineno, frame.code_context) for frame in frames]


def extracted():
    found = [each for each in traceback.extract_stack() if each.filename == __file__]
    return [(each.name, each.lineno, each.line, each.colno, each.end_colno) for each in found]


def depth():
    def below():
        return sys._getframe().f_back is above

    above = sys._getframe()
    return below()


def deprecated(level):
    warnings.warn("old", DeprecationWarning, stacklevel=level)


def generator():
    deprecated(2)
    yield


async def coroutine():
    deprecated(2)


class Cart:
    def __init__(self):
        deprecated(2)

    @property
    def total(self):
        deprecated(2)


def calling():
    deprecated(1)
    deprecated(2)
    deprecated(3)
    list(generator())
    asyncio.run(coroutine())
    Cart().total
    (lambda: deprecated(2))()


def warned():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        calling()
    return [each.lineno for each in caught if each.filename == __file__]


def once():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            deprecated(2)
    return len(caught)


def logged():
    records = []
    logger = logging.getLogger(__name__)
    handler = logging.Handler()
    handler.emit = records.append
    logger.addHandler(handler)
    try:
        logger.error("said")
        logger.error("said", stacklevel=2)
        try:
            raise KeyError
        except KeyError:
            logger.exception("failed")
    finally:
        logger.removeHandler(handler)
    return [(each.funcName, each.lineno, bool(each.exc_info)) for each in records]


def answer():
    return {
        "who": (who(), asking()),
        "stack": stack(),
        "extracted": extracted(),
        "depth": depth(),
        "warned": warned(),
        "once": once(),
        "logged": logged(),
    }
