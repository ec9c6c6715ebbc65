"""Recognizes a file of the standard library by its path, in every layout of Python."""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from typing import Final

# lib64/python3.9, lib/python3.13t, lib/pypy3.10, PyPy's older lib-python/3, python312.zip of
# embedded and macOS bundles, the archive of PyInstaller, and modules inside the interpreter.
_LIBRARY: Final = re.compile(
    r"/lib[^/]*/(?:python|pypy)3\.\d+[a-z]*/"
    r"|/lib(?:-python/[23][^/]*|_pypy)/"
    r"|(?:^|/)(?:python3\d+t?|base_library)\.zip/"
    r"|^<frozen "
)
# Windows, and programs that embed Python: a plain folder, which an application may have too, so
# that only names of the standard library count below it.
_VERSIONED: Final = re.compile(r"python[^/]*3\.?\d+[^/]*/lib/([^/.]+)[^/]*(?:/|$)", re.IGNORECASE)
_PLAIN: Final = ("/lib/", "/stdlib/")
_OWN: Final = os.path.dirname(os.__file__)  # noqa: PTH120 (a string, as paths of frames are)

_DEEPEST: Final = 16  # folders and name of a file of the library, at most; none has ten


def is_standard(path: str, name: str) -> bool:
    """
    Whether the file at *path*, with `/`, is the library's, and not the application's file *name*.

    *name* is the end of *path* that the application knows. The library has the file if *path* names
    its folder, or if the library's own name for it is longer than *name*.
    """
    if _LIBRARY.search(path):
        return True
    if (match := _VERSIONED.search(path)) and match[1] in sys.stdlib_module_names:
        return not name.lower().startswith("lib/")
    library_name = _library_name(path)
    if len(library_name) != len(name):
        return len(library_name) > len(name)
    return f"/{path.removesuffix(name)}".lower().endswith(_PLAIN)


@lru_cache(maxsize=1024)
def _library_name(path: str) -> str:
    """The longest end of *path* that this Python's standard library has a file for; else empty."""
    parts = path.split("/")[-_DEEPEST:]
    names = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((name for name in names if name and _is_own(name)), "")


def _is_own(name: str) -> bool:
    top = name.partition("/")[0].removesuffix(".py")
    return top in sys.stdlib_module_names and os.path.isfile(f"{_OWN}/{name}")  # noqa: PTH113
