"""examples/observability is what `aiprov dashboards` writes."""

from __future__ import annotations

from pathlib import Path

from aiprov_otel.backends.files import texts

OBSERVABILITY = Path(__file__).parents[2] / "examples" / "observability"


def test_the_example_is_what_is_written():
    """
    Else: `aiprov dashboards --force examples/observability`, and remove what is no longer written.
    """
    found = {
        str(path.relative_to(OBSERVABILITY)): path.read_text()
        for path in OBSERVABILITY.rglob("*")
        if path.is_file()
    }

    assert found == texts()
