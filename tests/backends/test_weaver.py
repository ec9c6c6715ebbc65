"""OpenTelemetry's own tool accepts the registry of what is sent."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

if not shutil.which("weaver"):
    pytest.skip("there is no weaver on the PATH", allow_module_level=True)

REGISTRY = Path(__file__).parents[2] / "semconv"


def test_weaver_accepts_the_registry():
    """
    `registry check` finds no error in the definitions of attributes and metrics.
    """
    command = ["weaver", "registry", "check", "--registry", str(REGISTRY)]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
