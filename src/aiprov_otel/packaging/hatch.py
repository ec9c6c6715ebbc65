"""The build hook of Hatchling: `[tool.hatch.build.hooks.aiprov]`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from aiprov_otel.manifest import FILE_NAME

_STATE = "/.aiprov/"  # the cache of the last build
# The key of the build data that puts a file in the root of a source distribution, and in
# `*.dist-info/extra_metadata/` of a wheel.
_PLACES = {"sdist": "force_include", "wheel": "extra_metadata"}


class AiprovBuildHook(BuildHookInterface[BuilderConfig]):
    """Puts the manifest into wheels and source distributions, but not into editable ones."""

    PLUGIN_NAME = "aiprov"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the manifest, and adds it to the build data."""
        from aiprov_otel.packaging.manifest import provide

        place = _PLACES.get(self.target_name)
        if place is None or version == "editable":
            return
        self._leave_out(_STATE)
        self._folder = tempfile.TemporaryDirectory(prefix="aiprov-")  # lives as long as the hook
        target = Path(self._folder.name, FILE_NAME)
        if reason := provide(Path(self.root), target):
            self.app.display_warning(f"no {FILE_NAME} in this package: {reason}")
        else:
            build_data[place][str(target)] = FILE_NAME

    def _leave_out(self, pattern: str) -> None:
        """Excludes *pattern*: Hatchling doesn't read the folder's own .gitignore."""
        target, shared = self.build_config.target_config, self.build_config.build_config
        config = target if "exclude" in target else shared
        config["exclude"] = [*config.get("exclude", self.build_config.default_exclude()), pattern]


@hookimpl
def hatch_register_build_hook() -> type[AiprovBuildHook]:
    """Registers the hook with Hatchling."""
    return AiprovBuildHook
