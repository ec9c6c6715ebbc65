"""`install_import_hook()` and `@no_instrument`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from aiprov_otel import settings
from aiprov_otel.runtime import state
from aiprov_otel.runtime.import_hook.handle import ImportHook, attach
from aiprov_otel.runtime.import_hook.rules import rules_of
from aiprov_otel.runtime.install import install
from aiprov_otel.settings import Mode


def install_import_hook(
    packages: str | Iterable[str],
    *,
    mode: Mode = "annotate",
    by_function: bool = False,
    min_duration: float = 0.0,
) -> ImportHook:
    """
    Verify and register the modules of *packages* as they are imported from now on.

    *packages* is the name of one, or several, as they are imported; what stands below counts, and
    of two rules the one for the nearer package does. With `mode="annotate"` nothing is rewritten:
    each module's source, as its loader has it, is compared with the manifest, and its code is
    known from then on without reading anything again. `mode="metrics"` counts the calls, errors
    and time of every function too, by who wrote it; *by_function* also names each of them, up to
    2,000. `mode="spans"` makes a span of each call too, or only of those that take *min_duration*
    seconds or more, from the first such call of a function on. `mode="count"` counts calls only;
    `mode="off"` leaves a package alone.

    Installs what `install()` does if that was not called before; the handle's `uninstall()` then
    undoes that too. Modules that were imported already are named in one warning.

    Raises:
        ValueError: a name is none of a package, the mode is unknown, or *min_duration* is negative.
    """
    rules = rules_of(packages, mode, by_function=by_function, min_duration=min_duration)
    if settings.read().disabled:
        return ImportHook(())
    return attach(rules, None if state.is_installed() else install())


T = TypeVar("T")


def no_instrument(thing: T) -> T:
    """
    *thing*, unchanged; the import hook does not rewrite what stands below this decorator.

    It is recognized by its name where the module is rewritten, with or without a module before it.
    What is defined inside is left alone too.
    """
    return thing
