"""The build hook of Hatchling: `[tool.hatch.build.hooks.aiprov]`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from aiprov_otel.manifest import FILE_NAME

_STATE = "/.aiprov/"  # what the last build learned from git
# The key of the build's data that puts a file where it is found again: in the root of a source
# distribution, and in `*.dist-info/extra_metadata/` of a wheel.
_PLACES = {"sdist": "force_include", "wheel": "extra_metadata"}


class AiprovBuildHook(BuildHookInterface[BuilderConfig]):
    """Puts the manifest into each wheel and source distribution; an editable one has none."""

    PLUGIN_NAME = "aiprov"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the manifest, and name it to the builder."""
        from aiprov_otel.packaging.manifest import provide

        place = _PLACES.get(self.target_name)
        if place is None or version == "editable":
            return
        self._leave_out(_STATE)
        self._folder = tempfile.TemporaryDirectory(prefix="aiprov-")  # until the hook is gone
        target = Path(self._folder.name, FILE_NAME)
        if reason := provide(Path(self.root), target):
            self.app.display_warning(f"no {FILE_NAME} in this package: {reason}")
        else:
            build_data[place][str(target)] = FILE_NAME

    def _leave_out(self, pattern: str) -> None:
        """Exclude *pattern*: of files that ignore themselves, Hatchling does not know."""
        target, every = self.build_config.target_config, self.build_config.build_config
        said = target if "exclude" in target else every
        said["exclude"] = [*said.get("exclude", self.build_config.default_exclude()), pattern]


@hookimpl
def hatch_register_build_hook() -> type[AiprovBuildHook]:
    """What Hatchling asks a plug-in for."""
    return AiprovBuildHook
