"""`@provenance`: a span per call, or a statement about a function."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar, overload

from aiprov_otel.runtime import resolver
from aiprov_otel.runtime.call_spans import Site
from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.wrapping import wrap
from aiprov_otel.values import Evidence, Match, Origin, Provenance

T = TypeVar("T")

_ORIGINS: Final = tuple(origin.value for origin in Origin)


@overload
def provenance(thing: T, /) -> T: ...
@overload
def provenance(
    *,
    origin: str | None = None,
    agent: str | None = None,
    model: str | None = None,
    commit: str | None = None,
    span: bool = True,
) -> Callable[[T], T]: ...
def provenance(
    thing: Any = None,
    /,
    *,
    origin: str | None = None,
    agent: str | None = None,
    model: str | None = None,
    commit: str | None = None,
    span: bool = True,
) -> Any:
    """
    Opens a span per call of the decorated function, with the provenance of that function.

    Bare, the origin comes from the manifest. With *origin* (`ai`, `human`, `mixed`, `unknown`)
    and, if known, *agent*, *model* and *commit*, it is stated by hand. With `span=False` the
    function is returned unchanged and only the statement is recorded. Works on functions,
    coroutines, generators, async generators and methods, above or below `classmethod`,
    `staticmethod` and `property`, and returns the same kind.

    Raises:
        ValueError: *origin* is not one of the four, or is missing beside another value.
        TypeError: the decorated thing is not a function or a method.
    """
    stated = _stated(origin, agent, model, commit)
    decorate = partial(_decorate, stated=stated, span=span)
    return decorate if thing is None else decorate(thing)


def _stated(origin: str | None, *values: str | None) -> Provenance | None:
    if origin is None:
        if any(values):
            msg = f"origin= is missing; use one of {', '.join(_ORIGINS)}"
            raise ValueError(msg)
        return None
    if origin not in _ORIGINS:
        msg = f"origin is {origin!r}; use one of {', '.join(_ORIGINS)}"
        raise ValueError(msg)
    agent, model, commit = values
    return Provenance(
        Origin(origin),
        agent,
        model,
        commit=commit,
        evidence=Evidence.DECLARED,
        match=Match.DECLARED,
    )


def _decorate(thing: Any, *, stated: Provenance | None, span: bool) -> Any:
    def site(thing: Any) -> Site:
        if (function := function_of(thing)) is None:
            msg = f"@provenance needs a callable written in Python, not {thing!r}"
            raise TypeError(msg)
        if stated:
            resolver.declare(function.__code__, stated)
        return Site(function.__code__, function.__module__)

    wrapped = wrap(thing, site)
    return wrapped if span else thing
