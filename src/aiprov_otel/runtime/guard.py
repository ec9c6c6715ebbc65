"""The one place where an error of ours is swallowed: logged once, raised under `AIPROV_STRICT`."""

from __future__ import annotations

import logging
from contextlib import suppress
from types import TracebackType
from typing import Final

from aiprov_otel import settings
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
    """A block that must never raise into the application."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if error is None or not isinstance(error, Exception) or settings.read().strict:
            return False
        _log_failure(error)
        return True


guard: Final = Guard()
"""Use as `with guard:`; it holds no state, so one serves every thread."""


def swallow(error: Exception) -> None:
    """What a guarded block does with *error*; for hot paths, where `try` costs nothing."""
    if settings.read().strict:
        raise error
    _log_failure(error)


def _log_failure(error: Exception) -> None:
    if ("provenance-failed", type(error)) not in _warned:
        _warned.add(("provenance-failed", type(error)))
        _log_warning("Provenance was not attached (provenance-failed)", exc_info=error)


def _log_warning(*words: str, exc_info: Exception | None = None) -> None:
    # A handler or a filter of the application may fail, and at the end of a process each does.
    with suppress(Exception):
        log.warning(*words, exc_info=exc_info)
