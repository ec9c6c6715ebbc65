"""Which files belong to Python itself, and which to installed libraries."""

from __future__ import annotations

import os
import site
import sysconfig

_STDLIB = tuple({os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib")})
_LIBRARIES = tuple(
    {
        os.path.join(folder, "")
        for folder in (
            *(sysconfig.get_path(name) for name in ("purelib", "platlib")),
            *site.getsitepackages(),
            site.getusersitepackages(),
        )
    }
)


def is_stdlib(filename: str) -> bool:
    """Whether *filename* belongs to Python itself, or is not a file (`<string>`)."""
    return filename.startswith("<") or (filename.startswith(_STDLIB) and not is_library(filename))


def is_library(filename: str) -> bool:
    """Whether *filename* was installed into this environment."""
    return filename.startswith(_LIBRARIES)


def installed_name(filename: str) -> str | None:
    """The name of an installed file below `site-packages`; None for other files."""
    # Not by a generator: what a signal handler raises as Python 3.11 closes one is lost.
    for folder in _LIBRARIES:
        if filename.startswith(folder):
            return filename.removeprefix(folder).replace(os.sep, "/")
    return None
