"""The finder of `install()`: registers the manifest's files as they are imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final, cast

from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.resolver import Resolver

_INIT: Final = "__init__"


class AskingFinder:
    """A finder of ours, which has no module of its own to offer."""

    def find_elsewhere(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        """Returns the spec of the module *name* from the first finder of others that has one."""
        # Not importlib.util.find_spec: it would import the package, and ask us again.
        for finder in list(sys.meta_path):
            ours = isinstance(finder, AskingFinder)
            find = None if ours else getattr(finder, "find_spec", None)
            if find is not None and (spec := find(name, path, target)) is not None:
                return cast("ModuleSpec", spec)
        return None


class ManifestFinder(AskingFinder):
    """
    Registers a module's file when it is found, which is right before it is loaded.

    Only modules that are called like a file of the manifest are looked at, so that no other import
    asks a finder twice. Nothing is rewritten, and no loader is touched.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        paths = (entry.import_path for manifest in resolver.manifests for entry in manifest.entries)
        self._names = frozenset(map(_module_name, paths))

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns the spec of the module *name*, if it may be the application's."""
        if name.rpartition(".")[2] not in self._names:
            return None
        spec = self.find_elsewhere(name, path, target)
        if spec is not None and spec.has_location and spec.origin:
            with guard:
                # A module without its source runs code that was made of a file beside it.
                origin = spec.origin
                self._resolver.loaded(origin[:-1] if origin.endswith(".pyc") else origin)
        return spec


def _module_name(import_path: str) -> str:
    """Returns the last part of the name of the module at *import_path*."""
    folder, _, base = import_path.rpartition("/")
    name = base.partition(".")[0]
    return folder.rpartition("/")[2] if name == _INIT else name


_finder: ManifestFinder | None = None


def start(resolver: Resolver) -> None:
    """Register each file of the manifests of *resolver* as it is imported, and the main script."""
    global _finder
    stop()
    _finder = ManifestFinder(resolver)
    sys.meta_path.insert(0, _finder)
    main = sys.modules.get("__main__")
    if sys.argv and not hasattr(main, "__file__"):  # Python is still about to run it
        with guard:
            if os.path.isfile(script := os.path.abspath(sys.argv[0])):
                resolver.loaded(script)


def stop() -> None:
    """Register none any more."""
    global _finder
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    _finder = None
