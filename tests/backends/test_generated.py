"""What is shipped is what scripts/dashboards writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aiprov_otel.backends import texts
from support.command import environment

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The texts that are written now, by their paths."""
    folder = tmp_path_factory.mktemp("generated")
    command = [sys.executable, "-m", "dashboards", str(folder)]
    subprocess.run(command, cwd=SCRIPTS, env=environment(), check=True)
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_shipped_is_what_is_written(generated):
    """
    Whoever changes a dashboard or an alert writes its file anew.
    """
    shipped = texts()

    changed = [name for name, text in generated.items() if shipped.get(name) != text]

    assert changed == [], "run `make dashboards`"


def test_every_dashboard_is_written(generated):
    """
    No dashboard is left behind that the generator no longer has.
    """
    dashboards = {
        name for name in texts() if name.startswith("grafana/") and name.endswith(".json")
    }

    assert dashboards - generated.keys() == set(), "remove it from src/aiprov_otel/backends/data"
