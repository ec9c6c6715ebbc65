"""`install_import_hook()` and `@no_instrument`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from aiprov_otel import settings
from aiprov_otel.runtime import state
from aiprov_otel.runtime.import_hook.handle import ImportHook, attach
from aiprov_otel.runtime.import_hook.rules import make_rules
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
    Verifies and registers the modules of *packages* as they are imported from now on.

    *packages* is one name or several, as they are imported. A package's modules and subpackages
    are included; of two rules, the one for the nearer package decides.

    `mode="annotate"` rewrites nothing: it compares each module's source, as its loader has it, with
    the manifest, and later look-ups read no file. `mode="metrics"` also counts the calls, errors
    and time of every function, by origin; *by_function* names up to 2,000 of them. `mode="spans"`
    also makes a span of each call, or only of calls that take *min_duration* seconds or more, from
    the first such call of a function on. `mode="count"` counts calls only. `mode="off"` leaves a
    package alone.

    Calls `install()` if that was not done; the handle's `uninstall()` then undoes that too. Logs
    one warning that names the modules that were imported before.

    Raises:
        ValueError: a package name, the mode or *min_duration* is not valid.
    """
    rules = make_rules(packages, mode, by_function=by_function, min_duration=min_duration)
    if settings.read().disabled:
        return ImportHook(())
    return attach(rules, None if state.is_installed() else install())


T = TypeVar("T")


def no_instrument(thing: T) -> T:
    """
    Returns *thing*, unchanged; the import hook does not rewrite the code below this decorator.

    The rewriter recognizes it by its name, with or without a module before it. What is defined
    inside is left alone too.
    """
    return thing
