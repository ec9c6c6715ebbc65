"""The one place where an error of ours is swallowed: logged once, raised under `AIPROV_STRICT`."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final

from aiprov_otel import settings
from aiprov_otel.runtime.interrupts import is_foreign
from aiprov_otel.settings import Settings

log: Final = logging.getLogger("aiprov_otel")
_warned: set[tuple[str, object]] = set()


def warn(slug: str, message: str, *, about: object = None) -> None:
    """Log *message* with its *slug* once per process, or once for each thing it is *about*."""
    if (slug, about) not in _warned:
        _warned.add((slug, about))
        _log_warning("%s (%s)", message, slug)


def warned() -> list[str]:
    """The slugs of the warnings that this process has logged."""
    return sorted({slug for slug, _ in _warned.copy()})


def warn_of_settings(options: Settings) -> None:
    """
    Log a warning for each invalid value in *options*.

    Raises:
        ValueError: there is one, and `AIPROV_STRICT` is set.
    """
    for sentence in options.wrong:
        if options.strict:
            raise ValueError(sentence)
        warn("setting-wrong", sentence, about=sentence)


class Guard:
    """
    A block that must never raise a failure of ours into the application.

    What the application itself raises meanwhile, as a signal handler does, passes through. A full
    stack ends here: there is no room to look at it, but maybe for what the application does next.
    """

    def __init__(self, *, in_call: bool = False) -> None:
        self._in_call = in_call

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        return error is not None and (
            kind is RecursionError or _swallows(error, in_call=self._in_call)
        )


guard: Final = Guard()
"""Use as `with guard:` around code of ours; it holds no state, so one serves every thread."""
call_guard: Final = Guard(in_call=True)
"""The same around a call of code that is not ours: a processor, a sampler, `__str__`."""


def swallow(error: Exception, *, in_call: bool = False) -> None:
    """
    Do with *error* what a guarded block does; for hot paths, where `try` costs nothing.

    Raises:
        Exception: *error*, if it is the application's, or under `AIPROV_STRICT`.
    """
    if type(error) is not RecursionError and not _swallows(error, in_call=in_call):
        raise error


def _swallows(error: BaseException, *, in_call: bool) -> bool:
    """Whether *error* ends here, logged, and does not reach the application."""
    if not issubclass(type(error), Exception) or is_foreign(error, in_call=in_call):
        return False
    if settings.read().strict:
        return False
    if ("provenance-failed", type(error)) not in _warned:
        _warned.add(("provenance-failed", type(error)))
        _log_warning("Provenance was not attached (provenance-failed)", exc_info=error)
    return True


def _log_warning(*words: str, exc_info: BaseException | None = None) -> None:
    try:
        log.warning(*words, exc_info=exc_info)
    except Exception as error:
        # A handler or a filter of the application may fail, and at the end of a process each does.
        if is_foreign(error, in_call=True):
            raise
