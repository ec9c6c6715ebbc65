"""Every kind of callable around the same block: functions, coroutines, generators, descriptors."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import wrapt

from aiprov_otel.runtime.calls import Call, Site


def wrap(thing: Any, site_of: Callable[[Any], Site]) -> Any:
    """
    *thing* with a span per call, of the same kind as it was.

    Raises:
        TypeError: it can't be called, or is a class.
    """
    if isinstance(thing, classmethod | staticmethod):
        return type(thing)(wrap(thing.__func__, site_of))
    if isinstance(thing, property):
        return _property(thing, site_of)
    if isinstance(thing, functools.cached_property):
        thing.func = wrap(thing.func, site_of)
        return thing
    if inspect.isclass(thing) or not callable(thing):
        msg = f"@provenance goes on a function or a method, not on {thing!r}"
        raise TypeError(msg)
    return _kind(thing)(thing, site_of(thing))


def _property(thing: property, site_of: Callable[[Any], Site]) -> property:
    fget, fset, fdel = (
        wrap(each, site_of) if each else None for each in (thing.fget, thing.fset, thing.fdel)
    )
    return type(thing)(fget, fset, fdel, thing.__doc__)


def _kind(function: Any) -> Callable[[Any, Site], Any]:
    if not inspect.isfunction(function):
        return _other
    if inspect.isasyncgenfunction(function):
        return _async_generator
    if inspect.iscoroutinefunction(function):
        return _coroutine
    return _generator if inspect.isgeneratorfunction(function) else _function


def _function(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if (call := site.call()) is None:
            return function(*args, **kwargs)
        with call:
            return function(*args, **kwargs)

    return wrapper


def _coroutine(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if (call := site.call()) is None:
            return await function(*args, **kwargs)
        with call:
            return await function(*args, **kwargs)

    return wrapper


def _generator(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = function(*args, **kwargs)
        if (call := site.call()) is None:
            return (yield from generator)
        return (yield from _driven(generator, call))

    return wrapper


def _driven(generator: Generator[Any, Any, Any], call: Call) -> Generator[Any, Any, Any]:
    """Run *generator* step by step, each step inside *call*."""
    step, sent = generator.send, None
    failure: BaseException | None = None
    try:
        while True:
            with call.running():
                item = step(sent)
            try:
                step, sent = generator.send, (yield item)
            except GeneratorExit:
                with call.running():
                    generator.close()
                raise
            except BaseException as thrown:  # noqa: BLE001 (whatever is thrown in belongs to the generator)
                step, sent = generator.throw, thrown
    except StopIteration as done:
        return done.value
    except BaseException as error:
        failure = error
        raise
    finally:
        call.end(failure)
        del failure  # the frame of a failed generator must not keep its own exception alive


def _async_generator(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        generator = function(*args, **kwargs)
        call = site.call()
        running = call.running if call else contextlib.nullcontext
        step, sent = generator.asend, None
        failure: BaseException | None = None
        try:
            while True:
                with running():
                    item = await step(sent)
                try:
                    step, sent = generator.asend, (yield item)
                except GeneratorExit:
                    with running():
                        await generator.aclose()
                    raise
                except BaseException as thrown:  # noqa: BLE001 (as in a generator)
                    step, sent = generator.athrow, thrown
        except StopAsyncIteration:
            return
        except BaseException as error:
            failure = error
            raise
        finally:
            if call:
                call.end(failure)
            del failure

    return wrapper


def _other(thing: Any, site: Site) -> Any:
    """A callable object keeps what it has besides a call (`cache_info`, `register`): a proxy."""

    def wrapper(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        if (call := site.call()) is None:
            return wrapped(*args, **kwargs)
        with call:
            return wrapped(*args, **kwargs)

    return wrapt.FunctionWrapper(thing, wrapper)
