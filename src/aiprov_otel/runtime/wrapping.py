"""Every kind of callable around the same block: functions, coroutines, generators, descriptors."""

from __future__ import annotations

import copy
import functools
import inspect
import sys
import types
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import wrapt

from aiprov_otel.runtime.call_spans import NO_CALL, Site


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
        return type(thing)(wrap(thing.func, site_of))
    if inspect.isclass(thing) or not callable(thing):
        msg = f"@provenance needs a function or a method, not {thing!r}"
        raise TypeError(msg)
    return _kind(thing)(thing, site_of(thing))


def _property(thing: property, site_of: Callable[[Any], Site]) -> property:
    fget, fset, fdel = (
        wrap(each, site_of) if each else None for each in (thing.fget, thing.fset, thing.fdel)
    )
    return type(thing)(fget, fset, fdel, thing.__doc__)


def _kind(function: Any) -> Callable[[Any, Site], Any]:
    return _sort(function) if inspect.isfunction(function) else _other


def _sort(function: Any) -> Callable[[Any, Site], Any]:
    if inspect.isasyncgenfunction(function):
        return _async_generator
    if inspect.iscoroutinefunction(function):
        return _coroutine
    return _generator if inspect.isgeneratorfunction(function) else _function


# Each wrapper closes a call that is open at the end: a signal handler may also raise in `end`.


def _function(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if (call := site.prepare()) is None:
            return function(*args, **kwargs)
        try:
            call.start()
            call.enter()
            result = function(*args, **kwargs)
            call.close()
        except BaseException:
            try:
                call.end(sys.exception())  # a frame that kept it would be a cycle
            finally:
                if call.is_open:
                    call.close()
            raise
        return result

    return wrapper


def _coroutine(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if (call := site.prepare()) is None:
            return await function(*args, **kwargs)
        try:
            call.start()
            call.enter()
            result = await function(*args, **kwargs)
            call.close()
        except BaseException:
            try:
                call.end(sys.exception())  # a frame that kept it would be a cycle
            finally:
                if call.is_open:
                    call.close()
            raise
        return result

    return wrapper


def _generator(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = function(*args, **kwargs)
        call = site.prepare() or NO_CALL
        step: Any = generator.send
        # Values in and out pass through a list: a frame that kept an exception would be a cycle.
        slot: list[Any] = [None]
        try:
            try:
                call.start()
                while True:
                    call.resume()
                    slot.append(step(slot.pop()))
                    call.leave()
                    try:
                        slot.append((yield slot.pop()))
                        step = generator.send
                    except BaseException as thrown:  # noqa: BLE001 (it is the generator's to handle)
                        slot.append(thrown)
                        step = generator.throw
            except StopIteration as done:
                slot.append(done.value)
            call.close()
        except BaseException:
            try:
                call.end(sys.exception())
            finally:
                if call.is_open:
                    call.close()
            raise
        return slot.pop()

    return types.coroutine(wrapper) if _can_be_awaited(function) else wrapper


def _can_be_awaited(function: Any) -> bool:
    """Whether a generator function is one of `types.coroutine`."""
    flags: int = getattr(getattr(function, "__code__", None), "co_flags", 0)
    return bool(flags & inspect.CO_ITERABLE_COROUTINE)


def _async_generator(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        generator = function(*args, **kwargs)
        call = site.prepare() or NO_CALL
        step: Any = functools.partial(_begin, generator)
        slot: list[Any] = [None]  # as in a generator
        try:
            try:
                call.start()
                while True:
                    call.resume()
                    slot.append(await step(slot.pop()))
                    call.leave()
                    try:
                        slot.append((yield slot.pop()))
                        step = generator.asend
                    except BaseException as thrown:  # noqa: BLE001 (as in a generator)
                        slot.append(thrown)
                        step = generator.athrow
            except StopAsyncIteration:
                pass
            call.close()
        except BaseException:
            try:
                call.end(sys.exception())
            finally:
                if call.is_open:
                    call.close()
            raise

    return wrapper


def _begin(generator: AsyncGenerator[Any, Any], value: None) -> Any:
    """
    What awaits the first value of *generator*, without the hooks of the event loop.

    As it ends, a loop closes all asynchronous generators of its hooks at once. The wrapper is one
    of them, and closes its generator itself.
    """
    hooks, first = sys.get_asyncgen_hooks(), None
    try:
        sys.set_asyncgen_hooks(None, None)
        first = generator.asend(value)
        sys.set_asyncgen_hooks(*hooks)
        return first  # noqa: TRY300 (an exception may come here, too)
    except BaseException:
        sys.set_asyncgen_hooks(*hooks)
        if first is not None:
            first.close()  # else Python warns that nobody awaited it
        raise


class _Proxy(wrapt.FunctionWrapper):  # type: ignore[type-arg]  # generic in its stubs alone
    """What wrapt refuses by itself: it is copied and pickled as what it stands for."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__wrapped__.__reduce_ex__(protocol)

    def __copy__(self) -> Any:
        return copy.copy(self.__wrapped__)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy.deepcopy(self.__wrapped__, memo)


def _other(thing: Any, site: Site) -> Any:
    """A callable object keeps what it has besides a call (`cache_info`, `register`): a proxy."""
    kinds = (_sort(each) for each in (thing, type(thing).__call__))
    make = next((kind for kind in kinds if kind is not _function), _function)

    def wrapper(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        return make(wrapped, site)(*args, **kwargs)

    return _Proxy(thing, wrapper)
