"""
Runs a hook when a module has been imported, or at once if it was.

What wrapt's function of this name does; but importing wrapt imports asyncio and much else, which
takes as long as all the rest of `install()`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final, cast

_waiting: Final[dict[str, list[Callable[[ModuleType], object]]]] = {}


def register_post_import_hook(hook: Callable[[ModuleType], object], name: str) -> None:
    """Call *hook* with the module *name*, no namespace package, once it has been imported."""
    if (module := sys.modules.get(name)) is not None:
        hook(module)
        return
    _waiting.setdefault(name, []).append(hook)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


class _Finder:
    """Finds what is waited for as all other finders do, and has it loaded by `_Loader`."""

    def __init__(self) -> None:
        self._asking = set[str]()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of the module *name*, if somebody waits for it."""
        if name not in _waiting or name in self._asking:
            return None
        self._asking.add(name)  # another finder of ours may ask this one
        try:
            spec = self._elsewhere(name, path, target)
        finally:
            self._asking.discard(name)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = cast("Any", _Loader(spec.loader))
        return spec

    def _elsewhere(self, *given: Any) -> ModuleSpec | None:
        finders = (each for each in list(sys.meta_path) if each is not self)
        finds = (getattr(each, "find_spec", None) for each in finders)
        return next(filter(None, (find(*given) for find in finds if find)), None)


class _Loader:
    """*loader*, which it puts back before anything could see another."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        if name == "_loader":  # of a copy that is being made
            raise AttributeError(name)
        return getattr(self._loader, name)

    @property  # type: ignore[misc]  # as a proxy does it
    def __class__(self) -> Any:
        return type(self._loader)

    def exec_module(self, module: ModuleType) -> None:
        """Run *module*, and then what waits for it."""
        spec = module.__spec__
        assert spec is not None  # it is being imported
        module.__loader__ = spec.loader = self._loader
        self._loader.exec_module(module)
        for hook in _waiting.pop(spec.name, ()):
            hook(module)


_finder: Final = _Finder()
