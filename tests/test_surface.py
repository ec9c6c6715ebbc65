"""The public face: what is exported, and what an import costs."""

from __future__ import annotations

import subprocess
import sys

import aiprov_otel


def test_every_public_name_can_be_had():
    """
    Each name of `__all__` resolves, and they are sorted as a reader looks for them.
    """
    assert aiprov_otel.__all__ == sorted(aiprov_otel.__all__)
    assert all(getattr(aiprov_otel, name) is not None for name in aiprov_otel.__all__)


def test_nothing_else_is_public():
    """
    `dir()` shows the public names and the rooms that were imported, so the surface cannot drift.
    """
    rooms = {name for name in sys.modules if name.startswith("aiprov_otel.")}
    public = {name for name in dir(aiprov_otel) if not name.startswith("_")}

    extra = {name for name in public - {*aiprov_otel.__all__} if f"aiprov_otel.{name}" not in rooms}
    assert extra <= {"TYPE_CHECKING", "Any", "annotations", "importlib"}


def test_a_name_that_is_not_there_is_an_attribute_error():
    """
    `hasattr` and `from aiprov_otel import …` answer as for any module.
    """
    assert not hasattr(aiprov_otel, "nonsense")


def test_the_version_is_that_of_the_distribution():
    """
    `aiprov_otel.__version__` is what pip installed.
    """
    from importlib.metadata import version

    assert aiprov_otel.__version__ == version("aiprov-otel")


def test_an_import_pulls_in_nothing():
    """
    `import aiprov_otel` loads no SDK, no wrapt and no room of its own.
    """
    asked = (
        "import sys; import aiprov_otel; print([name for name in sys.modules"
        " if name.startswith(('opentelemetry', 'wrapt', 'aiprov_otel.'))])"
    )

    assert subprocess.check_output([sys.executable, "-c", asked], text=True).strip() == "[]"
