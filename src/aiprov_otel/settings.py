"""The only reader of `os.environ`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What the environment says.

    Attributes:
        manifest: `AIPROV_MANIFEST`, path of the manifest; None to look for one.
        disabled: `AIPROV_DISABLED` or `OTEL_SDK_DISABLED`: do nothing.
        strict: `AIPROV_STRICT`: raise what would be logged.
        fast: `AIPROV_FAST`, unless it is `false`: take the short ways through the SDK.
        packages: `AIPROV_PACKAGES`, the packages that the import hook is to see.
    """

    manifest: str | None = None
    disabled: bool = False
    strict: bool = False
    fast: bool = True
    packages: str = ""


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; only `true`, in any case, is true."""
    return Settings(
        manifest=environ.get("AIPROV_MANIFEST") or None,
        disabled=_true(environ, "AIPROV_DISABLED") or _true(environ, "OTEL_SDK_DISABLED"),
        strict=_true(environ, "AIPROV_STRICT"),
        packages=environ.get("AIPROV_PACKAGES", ""),
        fast=environ.get("AIPROV_FAST", "").strip().lower() != "false",
    )


def _true(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").strip().lower() == "true"
